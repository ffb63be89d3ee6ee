// What the history keeps, as it crosses to its worker and comes back. Times are milliseconds since the epoch.
import { columnOf, type SampleFigures } from '../model/figure-table.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { LifecycleEvent, MonitoredConnection, OperationRecord } from '../model/monitor.ts'
import { writeReasons } from '../model/score-record.ts'
import type { StreamRecord } from '../model/stream.ts'

export interface ConnectionRow {
  readonly id: string
  readonly content: string
  readonly createdAtMs: number
  readonly connectedAtMs: number | null
  readonly closedAtMs: number | null
  readonly closeReason: string | null
  readonly errorCode: string | null
  readonly error: string | null
  readonly peer: string | null
  readonly codecs: string
  readonly firstFrameMs: number | null
  /** As the viewer said; null where it did not. */
  readonly freezeCount: number | null
  readonly freezeS: number | null
  readonly underruns: number
}

export interface SampleRow extends SampleFigures {
  readonly atMs: number
  readonly connection: string
  readonly mediaTimeS: number
  readonly quality: string | null
  readonly underruns: number
  /** As the viewer says; null where it does not. */
  readonly freezeCount: number | null
  readonly freezeS: number | null
  /** Why the scores are what they are: JSON of codes and values (score-record.ts). */
  readonly reasons: string
}

export interface EventRow {
  readonly atMs: number
  readonly connection: string
  readonly type: string
  /** JSON. */
  readonly details: string
}

/** Something about a connection was set: what, by whom, and what was known then. */
export interface DecisionRow {
  readonly atMs: number
  readonly connection: string
  readonly type: 'quality'
  readonly fromValue: string
  readonly toValue: string
  /** Null where nobody said why. */
  readonly reason: string | null
  /** JSON of the figures, by the columns of the samples; null where nothing was measured yet. */
  readonly inputs: string | null
}

export interface OperationRow {
  readonly id: string
  readonly type: string
  readonly status: string
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  readonly connection: string | null
  readonly correlation: string | null
  readonly errorCode: string | null
  readonly error: string | null
  /** JSON. */
  readonly details: string
}

/** A media worker at one moment. */
export interface NodeRow {
  readonly atMs: number
  readonly worker: number
  readonly viewers: number
  readonly cpuS: number
  readonly rssBytes: number
  readonly loopDelayP99Ms: number
}

export interface HistoryBatch {
  readonly connections: readonly ConnectionRow[]
  readonly samples: readonly SampleRow[]
  readonly events: readonly EventRow[]
  readonly decisions: readonly DecisionRow[]
  readonly operations: readonly OperationRow[]
  readonly nodes: readonly NodeRow[]
}

/** `last` is what was measured last. */
export function connectionRow(stream: StreamRecord, last: MeasuredSnapshot | undefined): ConnectionRow {
  return {
    id: stream.id,
    content: stream.content,
    createdAtMs: stream.createdAtMs,
    connectedAtMs: stream.connectedAtMs ?? null,
    closedAtMs: stream.closedAtMs ?? null,
    closeReason: stream.closeReason ?? null,
    errorCode: stream.error?.code ?? null,
    error: stream.error?.message ?? null,
    peer: stream.peer ?? null,
    codecs: stream.sent.map(({ codec }) => codec).join(','),
    firstFrameMs: last?.viewer?.firstFrameMs ?? null,
    freezeCount: last?.viewer?.freezeCount ?? null,
    freezeS: last?.viewer?.totalFreezesDurationS ?? null,
    underruns: last?.underruns ?? 0,
  }
}

export function sampleRow(now: MeasuredSnapshot): SampleRow {
  return {
    atMs: now.atMs,
    connection: now.streamId,
    mediaTimeS: now.mediaTimeS,
    quality: now.quality ?? null,
    ...now.figures,
    underruns: now.underruns,
    freezeCount: now.isReporting ? (now.viewer?.freezeCount ?? null) : null,
    freezeS: now.isReporting ? (now.viewer?.totalFreezesDurationS ?? null) : null,
    reasons: writeReasons(now),
  }
}

/** Of a `quality_change`. */
export const decisionRow = (
  { atMs, connectionId, details: { from, to, reason } }: LifecycleEvent,
  known: MonitoredConnection | undefined,
): DecisionRow => ({
  atMs,
  connection: connectionId,
  type: 'quality',
  fromValue: String(from),
  toValue: String(to),
  reason: reason === undefined ? null : String(reason),
  inputs: known?.figures
    ? JSON.stringify(Object.fromEntries(Object.entries(known.figures).map(([name, value]) => [columnOf(name), value])))
    : null,
})

export const operationRow = (record: OperationRecord): OperationRow => ({
  id: record.id,
  type: record.type,
  status: record.status,
  startedAtMs: record.startedAtMs,
  endedAtMs: record.endedAtMs ?? null,
  connection: record.connectionId ?? null,
  correlation: record.correlationId ?? null,
  errorCode: record.error?.code ?? null,
  error: record.error?.message ?? null,
  details: JSON.stringify(record.details),
})

/** A batch that rows are put into. */
export type OpenBatch = { [K in keyof HistoryBatch]: HistoryBatch[K][number][] }

export const emptyBatch = (): OpenBatch => ({
  connections: [],
  samples: [],
  events: [],
  decisions: [],
  operations: [],
  nodes: [],
})
