// The reading half of every content store: names to CIDs, directories, bytes, and blocks made present. One read path.

import { createSharedWork } from '../base/shared-work.ts'
import type { BlockCache } from './block-cache.ts'
import { requireKnownHash } from './block-hash.ts'
import type { BlockReader } from './block-reader.ts'
import type { BlockSources } from './block-sources.ts'
import { type CID, cidText, parseCid } from './cid.ts'
import { openDagFile } from './dag-file.ts'
import { createDirectory } from './directory.ts'
import { parseLocator } from './locator.ts'
import { createSourceRef, playlistIn } from './source-ref.ts'
import type { ContentStore } from './store.ts'

/** An IPNS name (key or host) → the root CID and the path that it points to. */
export type ResolveName = (name: string, signal?: AbortSignal) => Promise<{ root: CID; path: readonly string[] }>

export type ContentReader = Pick<ContentStore, 'resolve' | 'list' | 'read' | 'ensureBlock' | 'getBlock' | 'sourceRef'>

interface ContentReaderParts {
  readonly reader: BlockReader
  readonly resolveName: ResolveName
  readonly ensureBlock: ContentStore['ensureBlock']
}

/** Makes a block present: the call behind `ensureBlock` and behind a miss of any block reader. */
export function createEnsureBlock(cache: BlockCache, sources: BlockSources): ContentStore['ensureBlock'] {
  const fetching = createSharedWork<{ source: string }>()

  return async (text, { signal } = {}) => {
    const cid = parseCid(text)
    requireKnownHash(cid)
    if (await cache.has(cid)) return { source: 'local' }
    return fetching.run(
      cidText(cid),
      async (shared) => {
        const { bytes, source } = await sources.fetch(cid, shared)
        await cache.put(cid, bytes)
        return { source }
      },
      signal,
    )
  }
}

export function createContentReader(parts: ContentReaderParts): ContentReader {
  const { reader, resolveName, ensureBlock } = parts
  const directory = createDirectory(reader.getBlock)

  async function resolve(content: string, { signal }: { signal?: AbortSignal } = {}) {
    const locator = parseLocator(content)
    const named =
      locator.namespace === 'ipns'
        ? await resolveName(locator.root, signal)
        : { root: parseCid(locator.root), path: [] }
    const path = [...named.path, ...locator.path]
    const cid = await directory.walk(named.root, path, signal)
    return { ...(await directory.stat(cid, signal)), path: [cidText(named.root), ...path].join('/') }
  }

  const list: ContentStore['list'] = (cid, { signal } = {}) => directory.list(parseCid(cid), signal)

  return {
    ensureBlock,
    getBlock: (cid, { signal, local = false } = {}) =>
      local ? reader.getLocalBlock(parseCid(cid)) : reader.getBlock(parseCid(cid), signal),
    resolve,
    list,
    async *read(text, { start = 0, end, signal } = {}) {
      const file = await openDagFile(parseCid(text), reader.getBlock, { signal })
      yield* file.pieces(start, end ?? file.sizeBytes, { signal })
    },
    async sourceRef(content, { signal } = {}) {
      const found = await resolve(content, { signal })
      const playlist = playlistIn(found)
      const folder = playlist ? await resolve(playlist.folder, { signal }) : found
      return createSourceRef(folder, (cid) => list(cid, { signal }), playlist?.name)
    },
  }
}
