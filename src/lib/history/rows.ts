// What the history keeps, as it crosses to its worker and comes back. Times are milliseconds since the epoch.

import type { Decision } from '../model/decision.ts'
import { columnOf, type SampleFigures } from '../model/figure-table.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { OperationRecord } from '../model/monitor.ts'
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

/** A decision: what is asked for (`quality`), or what of it is sent (`rung`), by name. */
export interface DecisionRow {
  readonly atMs: number
  readonly connection: string
  readonly type: Decision['type']
  /** Null where nothing was before. */
  readonly fromValue: string | null
  readonly toValue: string
  /** A code. */
  readonly reason: string
  /** JSON of what belongs to the code; null where nothing does. */
  readonly reasonValues: string | null
  readonly decidedBy: string
  /** Indexes on the ladder, from worst to best; null where it was no rung that was chosen. */
  readonly fromRung: number | null
  readonly toRung: number | null
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
export interface WorkerRow {
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
  readonly workers: readonly WorkerRow[]
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

export function decisionRow(connection: string, decision: Decision): DecisionRow {
  const { atMs, type, by, reason, inputs } = decision
  const isRung = decision.type === 'rung'
  return {
    atMs,
    connection,
    type,
    fromValue: isRung ? (decision.from?.name ?? null) : decision.from,
    toValue: isRung ? decision.to.name : decision.to,
    reason: reason.code,
    reasonValues: reason.values ? JSON.stringify(reason.values) : null,
    decidedBy: by,
    fromRung: isRung ? (decision.from?.index ?? null) : null,
    toRung: isRung ? decision.to.index : null,
    inputs: inputs
      ? JSON.stringify(Object.fromEntries(Object.entries(inputs).map(([name, value]) => [columnOf(name), value])))
      : null,
  }
}

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
  workers: [],
})
