// What the monitor keeps: connections, operations and tasks, as every surface shows them. Times are milliseconds since the epoch.
import type { ErrorRecord } from '../base/errors.ts'
import type { SampleFigures } from './figure-table.ts'
import type { MeasuredSnapshot } from './figures.ts'
import type { StreamRecord } from './stream.ts'

/** The origin's names. */
export type LifecycleEventType =
  | 'connection_created'
  | 'connection_removed'
  | 'ice_state_change'
  | 'connection_state_change'
  | 'signaling_state_change'
  | 'gathering_state_change'
  | 'track_added'
  | 'track_removed'
  | 'data_channel_added'
  | 'data_channel_removed'
  | 'quality_change'
  | 'error'

export interface LifecycleEvent {
  readonly type: LifecycleEventType
  readonly atMs: number
  readonly connectionId: string
  readonly details: Readonly<Record<string, string | number | boolean>>
}

export interface MonitoredConnection {
  readonly stream: StreamRecord
  readonly updatedAtMs: number
  /** The last of them, oldest first. */
  readonly events: readonly LifecycleEvent[]
  readonly errors: readonly (ErrorRecord & { readonly atMs: number })[]
  /** Ids of tasks that run for it. */
  readonly tasks: readonly string[]
  /** The last of its record. */
  readonly snapshot?: MeasuredSnapshot
  /** Of that snapshot and the one before. */
  readonly figures?: SampleFigures
}

export type OperationStatus = 'started' | 'completed' | 'failed' | 'canceled'

export interface OperationRecord {
  readonly id: string
  /** `stream_content`, `close_connection`, `set_quality`, … */
  readonly type: string
  readonly status: OperationStatus
  readonly startedAtMs: number
  readonly endedAtMs?: number
  readonly connectionId?: string
  /** Of the request that asked for it. */
  readonly correlationId?: string
  readonly error?: ErrorRecord
  readonly details: Readonly<Record<string, string | number | boolean>>
}

export interface MonitorSummary {
  readonly startedAtMs: number
  readonly atMs: number
  readonly connections: {
    readonly total: number
    readonly connected: number
    readonly disconnected: number
    readonly new: number
    readonly connecting: number
    readonly closed: number
    readonly failed: number
  }
  /** Since the server started; `started` are those that go on now. */
  readonly operations: Readonly<Record<OperationStatus | 'total', number>>
  readonly pendingTasks: number
  /** Events since the server started. */
  readonly events: number
}
