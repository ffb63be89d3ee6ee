// The content store without a daemon: our own blocks and pins; what is missing comes from the block sources.
import { McpxError } from '../base/errors.ts'
import type { BlockCache } from './block-cache.ts'
import type { BlockReader } from './block-reader.ts'
import { cidText, parseCid } from './cid.ts'
import type { ContentReader } from './content-reader.ts'
import { walkDag } from './dag-walk.ts'
import type { ContentStore } from './store.ts'
import { importUnixFs } from './unixfs-import.ts'

export function createEmbeddedStore(
  { cache, reader }: { readonly cache: BlockCache; readonly reader: BlockReader },
  content: ContentReader,
): ContentStore {
  return {
    kind: 'embedded',
    ...content,

    async add(input, options = {}) {
      const isPinned = options.pin ?? true
      const added = await cache.pinned(
        async (pin) => {
          const imported = await importUnixFs(input, (cid, bytes) => cache.put(cid, bytes, pin), options)
          if (imported.wrapper) cache.release(pin, imported.wrapper)
          return { ...imported, pinAs: isPinned ? imported.cid : undefined }
        },
        { removeOnFailure: true },
      )
      return { cid: added.cid, sizeBytes: added.sizeBytes }
    },

    async pin(text, { signal } = {}) {
      const cid = parseCid(text)
      const pinAs = cidText(cid)
      if (cache.isPinned(pinAs)) return
      await cache.pinned(async (pin) => {
        await walkDag(cid, reader.getBlock, (block, bytes) => cache.hold(pin, block, bytes), signal)
        return { pinAs }
      })
    },

    async unpin(text) {
      const cid = cidText(parseCid(text))
      if (!(await cache.unpin(cid))) throw new McpxError('CONTENT_NOT_FOUND', `${cid} is not pinned`)
    },

    pins: async () => cache.pins(),
    close: async () => {},
  }
}
