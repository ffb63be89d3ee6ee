// What a client is told without asking: candidates of ours, how its streams play now and then, and that one has ended.
import type { Clock } from '../base/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { ServerMessage } from '../protocol/signalling.ts'
import { candidateMessage } from './candidate.ts'
import { toQualityNotice } from './connection-stats.ts'
import type { OwnedStream } from './owned-stream.ts'

const noticeEveryMs = 5_000

/** Streams that have ended leave `streams`. Returns what ends the listening. */
export function tellEvents(
  { engine, clock }: { readonly engine: Engine; readonly clock: Clock },
  streams: Map<string, OwnedStream>,
  send: (message: ServerMessage) => void,
): () => void {
  function onRecord({ id, state, quality, closeReason, error }: StreamRecord): void {
    const stream = streams.get(id)
    if (!stream) return
    if (quality !== stream.quality) {
      stream.quality = quality
      stream.qualityChanges++
    }
    if (state !== 'closed') return
    streams.delete(id)
    if (error) send({ type: 'error', message: error.message, code: error.code, hint: error.hint, pc_id: id })
    send({ type: 'closed', pc_id: id, ...(closeReason ? { reason: closeReason } : {}) })
  }

  function onSnapshot(snapshot: MeasuredSnapshot): void {
    const stream = streams.get(snapshot.streamId)
    const record = engine.get(snapshot.streamId)
    if (!stream || record?.state !== 'active' || clock.now() - stream.noticedAtMs < noticeEveryMs) return
    const data = toQualityNotice(record, snapshot)
    if (!data) return
    stream.noticedAtMs = clock.now()
    send({ type: 'notification', notification_type: 'webrtc_quality_changed', data, timestamp: clock.wallMs() / 1000 })
  }

  const unsubscribe = [
    engine.events.on('candidate', (id, candidate) => {
      for (const one of streams.get(id)?.local(candidate) ?? []) send(candidateMessage(id, one))
    }),
    engine.events.on('stream', onRecord),
    engine.events.on('snapshots', (snapshots) => {
      for (const snapshot of snapshots) onSnapshot(snapshot)
    }),
  ]
  return () => {
    for (const off of unsubscribe) off()
  }
}
