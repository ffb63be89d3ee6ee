// Connections and operations in the origin's words, as routes answer and files keep them.
import type { MonitoredConnection, OperationRecord } from '../model/monitor.ts'

export const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString())
export const seconds = (ms: number) => ms / 1000
/** How a time is written. */
export type TimeText = (ms: number) => string | number | null

/** As the dashboards of the origin list it; more beside it. */
export const operationItem = (record: OperationRecord) => ({
  operation: record.type,
  operation_id: record.id,
  connection_id: record.connectionId ?? 'N/A',
  correlation_id: record.correlationId ?? null,
  timestamp: iso(record.startedAtMs),
  start_time: iso(record.startedAtMs),
  end_time: iso(record.endedAtMs),
  duration: record.endedAtMs === undefined ? null : seconds(record.endedAtMs - record.startedAtMs),
  status: record.status,
  success: record.status === 'completed',
  error: record.error?.message ?? null,
  error_code: record.error?.code ?? null,
  details: record.details,
})

/** The origin's ConnStats. */
export const statsItem = ({ stream, updatedAtMs, events, errors, tasks }: MonitoredConnection, time: TimeText) => ({
  connection_id: stream.id,
  created_at: time(stream.createdAtMs),
  updated_at: time(updatedAtMs),
  ice_state: stream.peerStates.ice,
  connection_state: stream.peerStates.connection,
  signaling_state: stream.peerStates.signaling,
  gathering_state: stream.peerStates.gathering,
  tracks: stream.sent.map(({ kind, codec, transcoded }) => ({ kind, codec, transcoded })),
  data_channels: stream.peerStates.dataChannels,
  errors: errors.map(({ atMs, code, message }) => ({ code, error: message, timestamp: time(atMs) })),
  async_tasks: tasks,
  lifecycle_events: events.map(({ type, atMs, details }) => ({ type, timestamp: time(atMs), details })),
})
