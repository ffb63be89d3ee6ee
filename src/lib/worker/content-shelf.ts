// Opened content of one media worker: read once, shared by its viewers, closed when nobody has watched it for a while.
import type { Clock, Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { BlockReader } from '../content/block-reader.ts'
import { openMedia } from '../media/open.ts'
import type { RenditionCache } from '../media/rendition-cache.ts'
import type { SourceRef } from '../protocol/media-plane.ts'
import { createOpenedContent, type OpenedContent } from './opened-content.ts'
import type { StartJob } from './transcode-client.ts'

/** How long content stays open after its last viewer: a reload or a next viewer finds it warm. */
const lingerMs = 30_000

interface ShelfDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly blocks: BlockReader
  readonly renditions: RenditionCache
  readonly startJob: StartJob
  readonly canTranscode: boolean
}

export interface ContentShelf {
  /** Opens the content or takes it warm. Call `release` once for each. Rejects with NOT_MEDIA, MEDIA_CORRUPT, CONTENT_… */
  acquire(source: SourceRef, signal: AbortSignal): Promise<OpenedContent & { release(): void }>
  close(): void
}

interface Place {
  readonly content: Promise<OpenedContent>
  /** Ends the opening when nobody waits for it any more. */
  readonly opening: AbortController
  users: number
  linger?: Timer
}

/** The bytes of the files of a source, for the demuxer. */
export function filesOf(source: SourceRef, blocks: BlockReader) {
  return {
    id: source.id,
    entry: source.entry,
    open(path: string) {
      const file = Object.hasOwn(source.files, path) ? source.files[path] : undefined
      if (!file)
        throw new McpxError('MEDIA_CORRUPT', `${source.id} refers to "${path.slice(0, 200)}", which it does not hold`)
      return blocks.open(file)
    },
  }
}

export function createContentShelf(deps: ShelfDeps): ContentShelf {
  const places = new Map<string, Place>()

  async function open(source: SourceRef, signal: AbortSignal): Promise<OpenedContent> {
    const media = await openMedia(filesOf(source, deps.blocks), { clock: deps.clock, signal })
    return createOpenedContent(source, media, deps)
  }

  function placeFor(source: SourceRef): Place {
    const known = places.get(source.id)
    if (known) return known
    const opening = new AbortController()
    const place: Place = { content: open(source, opening.signal), opening, users: 0 }
    places.set(source.id, place)
    place.content.catch(() => forget(source.id, place))
    return place
  }

  function forget(id: string, place: Place): void {
    place.linger?.cancel()
    if (places.get(id) === place) places.delete(id)
  }

  function release(id: string, place: Place): void {
    place.users--
    if (place.users > 0) return
    place.linger?.cancel()
    place.linger = deps.clock.after(lingerMs, () => dispose(id, place))
    place.content.then(
      (content) => place.users === 0 && content.rest(),
      () => {},
    )
  }

  function dispose(id: string, place: Place): void {
    forget(id, place)
    place.opening.abort()
    place.content.then(
      (content) => content.close(),
      () => {},
    )
  }

  return {
    async acquire(source, signal) {
      const place = placeFor(source)
      place.users++
      place.linger?.cancel()
      try {
        const content = await untilAborted(place.content, signal)
        let released = false
        return Object.assign(Object.create(content) as OpenedContent, {
          release() {
            if (!released) release(source.id, place)
            released = true
          },
        })
      } catch (error) {
        place.users--
        if (place.users === 0) dispose(source.id, place)
        throw error
      }
    },
    close() {
      for (const [id, place] of [...places]) dispose(id, place)
    },
  }
}

/** The result, or the signal's reason: what others wait for too goes on. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
