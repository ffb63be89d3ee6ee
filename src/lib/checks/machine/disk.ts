// The disk of the repo: room, and in a server how fast it takes bytes. What is written for that is removed.
import { randomUUID } from 'node:crypto'
import { access, constants, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { formatBytes } from '../../base/units.ts'
import { defineCheck } from '../check.ts'

const writtenBytes = 4 * 2 ** 20
/** Nobody fills the last of a disk to see how fast it is. */
const leastFreeToWrite = 256 * 2 ** 20
const nearlyFullBytes = 2 ** 30
const fullBytes = 64 * 2 ** 20
/** A stream of 8 Mbps is 1 MB/s, and blocks come faster than they are played. */
const slowBytesPerS = 5e6

export const diskCheck = defineCheck({
  name: 'disk',
  group: 'machine',
  title: 'Disk of the repo',
  about: 'Room on the disk of the repo, and in the server how fast it writes (4 MiB, removed again)',
  where: 'either',
  needs: [],
  deadlineS: 15,
  disturbs: true,
  troubles: {
    full: {
      cause: 'The disk is full: nothing new is stored, and what is played from elsewhere is fetched again and again.',
      fix: 'Free some space, unpin what is not needed, or lower --disk-cache-size.',
    },
    'nearly-full': {
      cause: 'Less than 1 GiB is left on the disk of the repo.',
      fix: 'Free some space, lower --disk-cache-size and --history-size, or move the repo with --persistence-path.',
    },
    'not-writable': {
      cause: 'The user of the server may not write there, or the disk is mounted read-only after an error.',
      fix: 'Look at `mount` and `dmesg`; give the folder to the user of the server (`chown -R`), or name another --persistence-path.',
    },
    slow: {
      cause: 'The disk is busy, on a network, or an SD card: content is stored more slowly than it arrives.',
      fix: 'Put the repo on a faster disk with --persistence-path.',
    },
  },
  async run({ settings, inside, clock, signal }) {
    const { repoPath } = settings
    const room = await statfs(repoPath).catch(absent)
    if (!room) return { status: 'skipped', detail: 'there is no repo here' }
    const freeBytes = room.bavail * room.bsize
    const free = `${formatBytes(freeBytes)} free`
    if (freeBytes < fullBytes) return { status: 'fail', detail: free, trouble: 'full', values: { freeBytes } }
    try {
      await access(repoPath, constants.W_OK)
      const mayWrite = inside !== undefined && freeBytes >= leastFreeToWrite
      const bytesPerS = mayWrite ? await writeSpeed(repoPath, clock, signal) : undefined
      const values = { freeBytes, ...(bytesPerS !== undefined && { writeBytesPerS: bytesPerS }) }
      const speed = bytesPerS === undefined ? '' : `, writes ${formatBytes(bytesPerS)}/s`
      if (freeBytes < nearlyFullBytes) return { status: 'warn', detail: free + speed, trouble: 'nearly-full', values }
      if (bytesPerS !== undefined && bytesPerS < slowBytesPerS)
        return { status: 'warn', detail: free + speed, trouble: 'slow', values }
      return { status: 'pass', detail: free + speed, values }
    } catch (error) {
      signal.throwIfAborted()
      const { code, message } = error as NodeJS.ErrnoException
      const trouble = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'not-writable'
      return { status: 'fail', detail: `${code ?? message}; ${free}`, trouble, values: { freeBytes } }
    }
  },
})

/** To the disk and not only to memory. */
async function writeSpeed(folder: string, clock: Clock, signal: AbortSignal): Promise<number> {
  const file = join(folder, `.check-${randomUUID()}.tmp`)
  const piece = Buffer.alloc(2 ** 20, 0xa5)
  const beganMs = clock.now()
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      for (let written = 0; written < writtenBytes; written += piece.length) {
        signal.throwIfAborted()
        await handle.write(piece)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    return (writtenBytes * 1000) / Math.max(0.1, clock.now() - beganMs)
  } finally {
    await rm(file, { force: true })
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
