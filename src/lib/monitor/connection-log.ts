// One connection as the monitor knows it: what changed in its record, as events, the last of them.
import type { ErrorRecord } from '../base/errors.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { LifecycleEvent, LifecycleEventType, MonitoredConnection } from '../model/monitor.ts'
import type { StreamRecord } from '../model/stream.ts'
import { Recent } from './bounded.ts'

const keptEvents = 200
const keptErrors = 20

type Details = LifecycleEvent['details']

export class ConnectionLog {
  #stream: StreamRecord
  #updatedAtMs: number
  #snapshot: MeasuredSnapshot | undefined
  readonly #events = new Recent<LifecycleEvent>(keptEvents)
  readonly #errors = new Recent<ErrorRecord & { readonly atMs: number }>(keptErrors)
  readonly #tell: (event: LifecycleEvent) => void
  readonly tasks = new Set<string>()

  constructor(stream: StreamRecord, atMs: number, tell: (event: LifecycleEvent) => void) {
    this.#stream = stream
    this.#updatedAtMs = atMs
    this.#tell = tell
    this.#add('connection_created', atMs, { content: stream.content })
  }

  get stream(): StreamRecord {
    return this.#stream
  }

  /** Takes the next state of the record and makes events of the differences. */
  update(next: StreamRecord, atMs: number): void {
    const before = this.#stream
    this.#stream = next
    this.#updatedAtMs = atMs
    for (const kind of ['ice', 'connection', 'signaling', 'gathering'] as const)
      this.#change(`${kind}_state_change`, before.peerStates[kind], next.peerStates[kind], atMs)
    this.#change('quality_change', before.quality, next.quality, atMs, { reason: next.qualityReason })
    this.#compare('track', before.sent.map(trackText), next.sent.map(trackText), atMs)
    this.#compare('data_channel', before.peerStates.dataChannels, next.peerStates.dataChannels, atMs)
    if (next.error && !before.error) this.fail(next.error, atMs)
    if (next.state === 'closed' && before.state !== 'closed')
      this.#add('connection_removed', atMs, {
        reason: next.closeReason ?? 'unknown',
        age_seconds: (atMs - next.createdAtMs) / 1000,
        final_state: before.peerStates.connection,
      })
  }

  measure(snapshot: MeasuredSnapshot): void {
    this.#snapshot = snapshot
  }

  fail(error: ErrorRecord, atMs: number): void {
    this.#errors.add({ ...error, atMs })
    this.#add('error', atMs, { code: error.code, message: error.message })
  }

  read(): MonitoredConnection {
    return {
      stream: this.#stream,
      updatedAtMs: this.#updatedAtMs,
      events: this.#events.list(),
      errors: this.#errors.list(),
      tasks: [...this.tasks],
      ...(this.#snapshot && { snapshot: this.#snapshot, figures: this.#snapshot.figures }),
    }
  }

  #change(type: LifecycleEventType, from: string, to: string, atMs: number, why: object = {}): void {
    if (from !== to) this.#add(type, atMs, { from, to, ...why })
  }

  #compare(what: 'track' | 'data_channel', before: readonly string[], now: readonly string[], atMs: number): void {
    for (const one of now) if (!before.includes(one)) this.#add(`${what}_added`, atMs, { [what]: one })
    for (const one of before) if (!now.includes(one)) this.#add(`${what}_removed`, atMs, { [what]: one })
  }

  #add(type: LifecycleEventType, atMs: number, details: Details): void {
    const event = { type, atMs, connectionId: this.#stream.id, details }
    this.#events.add(event)
    this.#tell(event)
  }
}

const trackText = ({ kind, codec, transcoded }: StreamRecord['sent'][number]) =>
  `${kind} ${codec}${transcoded ? ' (transcoded)' : ''}`
