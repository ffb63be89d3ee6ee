// From content in any spelling to a stream on a media worker, and to what the content is; both within a deadline.
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { TaskTracker } from '../base/tasks.ts'
import type { CidMetadata } from '../content/cid-metadata.ts'
import type { ContentStore } from '../content/store.ts'
import { type MediaInfo, newPeerStates, type StreamRecord } from '../model/stream.ts'
import type { SourceRef } from '../protocol/media-plane.ts'
import type { Engine, OpenRequest } from './engine.ts'
import type { MediaPlane } from './media-plane.ts'
import type { StreamRegistry } from './stream-registry.ts'

export interface OpenTimes {
  /** How long content may take to be found and understood. */
  readonly openTimeoutMs: number
  /** How long an opened stream waits for its viewer. */
  readonly viewerTimeoutMs: number
}

interface OpenerDeps {
  readonly store: ContentStore
  /** Remembers what content turned out to be, so that it need not be read again to say so. */
  readonly metadata: Pick<CidMetadata, 'get' | 'put'>
  readonly media: MediaPlane
  readonly registry: StreamRegistry
  readonly tasks: TaskTracker
  readonly clock: Clock
  readonly logger: Logger
  /** Aborts when the server stops: nothing is opened any more. */
  readonly stopping: AbortSignal
  /** No viewer has come in time. */
  readonly onUnwatched: (streamId: string) => void
}

/** `open` and `probe` of the engine. */
export function createOpener(times: OpenTimes, deps: OpenerDeps): Pick<Engine, 'open' | 'probe'> {
  const { store, metadata, media, registry, tasks, clock, logger, stopping } = deps

  function within<T>(content: string, signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>) {
    const late = () =>
      new McpxError('CONTENT_TIMEOUT', `${content.slice(0, 200)} did not arrive within ${times.openTimeoutMs / 1000} s`)
    const ends = signal ? AbortSignal.any([signal, stopping]) : stopping
    return withDeadline(clock, times.openTimeoutMs, ends, run, late)
  }

  /** What plays is not held up by a cache that cannot be written, as on a full disk. */
  function remember(source: SourceRef, info: MediaInfo): void {
    const sizeBytes = Object.values(source.files).reduce((sum, file) => sum + file.sizeBytes, 0)
    try {
      metadata.put(source.id, { sizeBytes, media: info })
    } catch (error) {
      logger.warn({ content: source.id, error: String(error) }, 'CID metadata not kept')
    }
  }

  async function openNow(request: OpenRequest, signal: AbortSignal): Promise<StreamRecord> {
    const source = await store.sourceRef(request.content, { signal })
    const streamId = randomUUID()
    const worker = media.place(source.id)
    try {
      const { quality = 'auto', startS = 0, loop = false, audioTrackId, buffer } = request
      const rest = { ...(audioTrackId !== undefined && { audioTrackId }), ...(buffer && { buffer }) }
      const params = { streamId, source, quality, startS, loop, ...rest }
      const info = await tasks.run('open_content', (inner) => media.call(worker, 'open', params, inner), {
        owner: streamId,
        signal,
      })
      signal.throwIfAborted()
      remember(source, info)
      const record: StreamRecord = {
        id: streamId,
        content: source.id,
        state: 'waiting',
        quality,
        createdAtMs: clock.wallMs(),
        media: info,
        sent: [],
        peerStates: newPeerStates,
        worker,
      }
      const waiting = clock.after(times.viewerTimeoutMs, () => deps.onUnwatched(streamId))
      registry.add({ record, worker, owner: request.owner, waiting })
      logger.info({ stream: streamId, content: source.id, worker }, 'stream opened')
      return record
    } catch (error) {
      media.release(worker, source.id)
      media.call(worker, 'close', { streamId, reason: 'content_failed' }).catch(() => {})
      throw error
    }
  }

  async function probeNow(content: string, signal: AbortSignal): Promise<MediaInfo> {
    const source = await store.sourceRef(content, { signal })
    const known = metadata.get(source.id)
    if (known) return known.media
    const worker = media.place(source.id)
    const info = await media.call(worker, 'probe', { source }, signal).finally(() => media.release(worker, source.id))
    remember(source, info)
    return info
  }

  return {
    async open(request) {
      stopping.throwIfAborted()
      const giveBack = registry.reserve(request.owner)
      try {
        return await within(request.content, request.signal, (signal) => openNow(request, signal))
      } finally {
        giveBack()
      }
    },
    probe: (content, signal) => within(content, signal, (inner) => probeNow(content, inner)),
  }
}
