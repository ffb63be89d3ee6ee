// What streams there are: the open ones and the last closed ones. The one mutable state of the control plane.
import type { Clock, Timer } from '../base/clock.ts'
import { McpxError, toErrorRecord } from '../base/errors.ts'
import type { CloseReason, StreamRecord } from '../model/stream.ts'
import type { MediaEvents } from '../protocol/media-plane.ts'

export interface StreamLimits {
  readonly maxStreams: number
  /** Streams that one owner may have open without a connected viewer. */
  readonly maxWaitingPerOwner: number
  /** Closed streams that stay listed. */
  readonly keptClosed: number
}

interface OpenStream {
  readonly record: StreamRecord
  /** The media worker it runs on. */
  readonly worker: number
  readonly owner: string | undefined
  /** Ends the stream when no viewer comes. */
  readonly waiting: Timer
}

export interface StreamRegistry {
  /**
   * Takes a place for a stream that is about to be opened; the result gives it back, once the stream is added or has failed.
   * Throws TOO_MANY_STREAMS.
   */
  reserve(owner: string | undefined): () => void
  add(stream: OpenStream): void
  /** Throws STREAM_NOT_FOUND when there is no open stream of this id. */
  find(streamId: string): OpenStream
  /** Open streams, of one worker or of all. */
  open(worker?: number): readonly OpenStream[]
  /** A stream that is not open is left as it is. */
  update(streamId: string, change: Partial<StreamRecord>): void
  /** What the worker says of the connection. */
  noteState(change: Pick<MediaEvents['state'], 'streamId' | 'state' | 'peerStates' | 'peer'>): void
  /** Ends a stream and says what it was; undefined when it was not open. */
  close(streamId: string, reason: CloseReason, error?: McpxError): OpenStream | undefined
  /** Open streams first, then the last closed ones. */
  list(): readonly StreamRecord[]
  get(streamId: string): StreamRecord | undefined
}

/** `onChange` hears of every new state of a record; the last one has state `closed`. */
export function createStreamRegistry(
  limits: StreamLimits,
  clock: Clock,
  onChange: (record: StreamRecord) => void,
): StreamRegistry {
  const streams = new Map<string, OpenStream>()
  const closed: StreamRecord[] = []
  let opening = 0

  /** One address that opens and never comes must not take the places of the others. */
  function checkOwner(owner: string): void {
    const isWaiting = (stream: OpenStream) => stream.owner === owner && stream.record.connectedAtMs === undefined
    const waiting = [...streams.values()].filter(isWaiting).length
    if (waiting >= limits.maxWaitingPerOwner)
      throw new McpxError('TOO_MANY_STREAMS', `${owner} has ${waiting} streams open that nobody watches`)
  }

  function update(streamId: string, change: Partial<StreamRecord>): void {
    const stream = streams.get(streamId)
    if (!stream) return
    const record = { ...stream.record, ...change }
    streams.set(streamId, { ...stream, record })
    onChange(record)
  }

  return {
    reserve(owner) {
      const taken = streams.size + opening
      if (taken >= limits.maxStreams)
        throw new McpxError('TOO_MANY_STREAMS', `${taken} streams are open, the most allowed`)
      if (owner !== undefined) checkOwner(owner)
      opening++
      return () => {
        opening--
      }
    },
    add(stream) {
      streams.set(stream.record.id, stream)
      onChange(stream.record)
    },
    find(streamId) {
      const stream = streams.get(streamId)
      if (!stream) throw new McpxError('STREAM_NOT_FOUND', `there is no open stream "${streamId.slice(0, 100)}"`)
      return stream
    },
    open: (worker) => [...streams.values()].filter((stream) => worker === undefined || stream.worker === worker),
    update,
    noteState({ streamId, state, peerStates, peer }) {
      const stream = streams.get(streamId)
      if (!stream) return
      // Not at `connecting`: a viewer may never answer the offer.
      if (state === 'active') stream.waiting.cancel()
      const connectedAtMs = stream.record.connectedAtMs ?? (state === 'active' ? clock.wallMs() : undefined)
      update(streamId, {
        state,
        peerStates,
        ...(peer !== undefined && { peer }),
        ...(connectedAtMs !== undefined && { connectedAtMs }),
      })
    },
    close(streamId, reason, error) {
      const stream = streams.get(streamId)
      if (!stream) return undefined
      streams.delete(streamId)
      stream.waiting.cancel()
      const record: StreamRecord = {
        ...stream.record,
        state: 'closed',
        peerStates: {
          ...stream.record.peerStates,
          connection: 'closed',
          ice: 'closed',
          signaling: 'closed',
          dataChannels: [],
        },
        closedAtMs: clock.wallMs(),
        closeReason: reason,
        ...(error && { error: toErrorRecord(error) }),
      }
      closed.unshift(record)
      closed.length = Math.min(closed.length, limits.keptClosed)
      onChange(record)
      return { ...stream, record }
    },
    list: () => [...[...streams.values()].map(({ record }) => record), ...closed],
    get: (streamId) => streams.get(streamId)?.record ?? closed.find((record) => record.id === streamId),
  }
}
