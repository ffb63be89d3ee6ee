// A stream as the dashboards list it; times as ISO 8601, because their pages subtract them as milliseconds.
import type { StreamRecord } from '../../model/stream.ts'
import type { ConnectionItem } from '../../protocol/schemas.ts'

const statusOf = {
  waiting: 'connecting',
  connecting: 'connecting',
  active: 'active',
  ended: 'active',
  closed: 'closed',
} as const

export function toConnectionItem(record: StreamRecord): ConnectionItem {
  const { id, content, state, quality, createdAtMs, closedAtMs, peer, error, closeReason } = record
  return {
    connection_id: id,
    content_cid: content,
    status: statusOf[state],
    start_time: new Date(createdAtMs).toISOString(),
    end_time: closedAtMs === undefined ? null : new Date(closedAtMs).toISOString(),
    quality,
    peer_id: peer ?? 'N/A',
    state,
    ...(closeReason ? { close_reason: closeReason } : {}),
    ...(error ? { error: error.message, error_code: error.code } : {}),
  }
}
