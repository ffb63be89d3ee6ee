// The blocks on disk: readable, and what their names say. Nothing is changed.
import { join } from 'node:path'
import { formatBytes } from '../../base/units.ts'
import { verifyStoredBlocks } from '../../content/stored-blocks.ts'
import { defineCheck } from '../check.ts'

const blocksRead = 16

export const storeCheck = defineCheck({
  name: 'store',
  group: 'content',
  title: 'Embedded store',
  about: "Blocks of the repo, the content's first, are read and match their hashes",
  where: 'either',
  needs: [],
  deadlineS: 10,
  troubles: {
    damaged: {
      cause:
        'Bytes on the disk are not those that were written: a disk that fails, or a machine that lost power while writing.',
      fix: 'Nothing wrong is played: such blocks are fetched anew when they are read. Look at the disk (`smartctl -a`), and add what nobody else has again.',
    },
    unreadable: {
      cause: 'The repo belongs to another user, or the disk does not answer.',
      fix: 'Run as the user that started the server, or name another repo with --persistence-path.',
    },
  },
  async run({ settings, content, clock, signal }) {
    const beganMs = clock.now()
    try {
      const asked = { ...(content !== undefined && { content }), atMost: blocksRead, signal }
      const found = await verifyStoredBlocks(join(settings.repoPath, 'blocks'), asked)
      if (!found) return { status: 'skipped', detail: 'there is no repo here' }
      const { read, bytes, damaged } = found
      const values = { blocks: read, bytes, damaged: damaged.length, readMs: clock.now() - beganMs }
      if (damaged.length > 0)
        return { status: 'fail', detail: `${damaged.length} of ${read} blocks are damaged`, trouble: 'damaged', values }
      if (read === 0) return { status: 'skipped', detail: 'nothing is stored yet' }
      return { status: 'pass', detail: `${read} blocks (${formatBytes(bytes)}) read and verified`, values }
    } catch (error) {
      signal.throwIfAborted()
      const { code, message } = error as NodeJS.ErrnoException
      return { status: 'fail', detail: code ?? message, trouble: 'unreadable' }
    }
  },
})
