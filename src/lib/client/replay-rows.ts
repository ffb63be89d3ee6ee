// Rows of the history as the live feed would have told them. Pure. What is not recorded is absent.
import { wordsOf } from '../base/plain-text.ts'
import { columnOf, sampleFigures } from '../model/figure-table.ts'
import type { HistoryRow } from '../model/history.ts'
import type { LifecycleEvent, LifecycleEventType, MonitorSummary, OperationRecord } from '../model/monitor.ts'
import { type Quality, qualities, qualityNames, type RungQuality } from '../model/quality.ts'
import { readReasons } from '../model/score-record.ts'
import { wordScore } from '../model/score-words.ts'
import { newPeerStates, type PeerStates } from '../model/stream.ts'
import type { LiveConnection, LiveSample, LiveScore } from '../protocol/live.ts'

type Details = LifecycleEvent['details']

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

function detailsOf(value: unknown): Details {
  try {
    const details: unknown = JSON.parse(text(value) ?? '{}')
    return typeof details === 'object' && details !== null ? (details as Details) : {}
  } catch {
    return {}
  }
}

export const toEvent = (row: HistoryRow): LifecycleEvent => ({
  type: (text(row.type) ?? 'error') as LifecycleEventType,
  atMs: number(row.at_ms) ?? 0,
  connectionId: text(row.connection) ?? '',
  details: detailsOf(row.details),
})

export function toOperation(row: HistoryRow): OperationRecord {
  const [endedAtMs, connectionId, code] = [number(row.ended_at_ms), text(row.connection), text(row.error_code)]
  return {
    id: String(row.id),
    type: text(row.type) ?? '',
    status: (text(row.status) ?? 'started') as OperationRecord['status'],
    startedAtMs: number(row.started_at_ms) ?? 0,
    ...(endedAtMs !== undefined && { endedAtMs }),
    ...(connectionId !== undefined && { connectionId }),
    ...(code !== undefined && {
      error: { code, message: text(row.error) ?? '', hint: '' } as OperationRecord['error'] & object,
    }),
    details: detailsOf(row.details),
  }
}

/** What is known of a connection at a moment of the replay. */
export interface Played {
  /** Its row of the table of connections. */
  readonly row: HistoryRow
  /** The last row of the samples. */
  readonly sample?: HistoryRow
  readonly peerStates: PeerStates
  readonly asked?: Quality
}

export const newPlayed = (row: HistoryRow): Played => ({ row, peerStates: newPeerStates })

/** States and quality, as events tell of them. */
export function afterEvent(played: Played, { type, details }: LifecycleEvent): Played {
  const { peerStates } = played
  const kind = /^(ice|connection|signaling|gathering)_state_change$/.exec(type)?.[1]
  if (kind) return { ...played, peerStates: { ...peerStates, [kind]: wordsOf(details.to) } }
  if (type === 'quality_change') return withQuality(played, details.to)
  const channel = wordsOf(details.data_channel)
  const others = peerStates.dataChannels.filter((one) => one !== channel)
  if (type === 'data_channel_added')
    return { ...played, peerStates: { ...peerStates, dataChannels: [...others, channel] } }
  if (type === 'data_channel_removed') return { ...played, peerStates: { ...peerStates, dataChannels: others } }
  return played
}

/** The operation that opened it says which quality was asked for. */
export const afterOperation = (played: Played, { details }: OperationRecord): Played =>
  played.asked === undefined ? withQuality(played, details.quality) : played

function withQuality(played: Played, value: unknown): Played {
  const asked = qualities.find((name) => name === value)
  return asked ? { ...played, asked } : played
}

/** The connection as it stood at `atMs`, whatever its row says of later. */
export function connectionAt({ row, sample, peerStates, asked }: Played, atMs: number): LiveConnection {
  const until = (value: unknown) => {
    const momentMs = number(value)
    return momentMs !== undefined && momentMs <= atMs ? momentMs : undefined
  }
  const [connectedAtMs, closedAtMs] = [until(row.connected_at_ms), until(row.closed_at_ms)]
  const isClosed = closedAtMs !== undefined
  const firstFrameMs = number(row.first_frame_ms)
  const sent = ([...qualityNames, 'fixed'] as RungQuality[]).find((name) => name === sample?.quality)
  const [code, freezeCount, freezeS] = [text(row.error_code), number(sample?.freeze_count), number(sample?.freeze_s)]
  return {
    id: String(row.id),
    content: text(row.content) ?? '',
    state: isClosed
      ? 'closed'
      : connectedAtMs !== undefined
        ? 'active'
        : peerStates.ice === 'new'
          ? 'waiting'
          : 'connecting',
    peerStates,
    quality: asked ?? 'auto',
    ...(sent !== undefined && { sentQuality: sent }),
    qualities: [],
    codecs: (text(row.codecs) ?? '').split(',').filter(Boolean),
    ...(text(row.peer) !== undefined && { peer: text(row.peer)! }),
    createdAtMs: number(row.created_at_ms) ?? 0,
    ...(connectedAtMs !== undefined && { connectedAtMs }),
    ...(isClosed && { closedAtMs, closeReason: (text(row.close_reason) ?? 'requested') as 'requested' }),
    ...(isClosed && code !== undefined && { error: { code, message: text(row.error) ?? '' } }),
    durationS: 0,
    mediaTimeS: number(sample?.media_time_s) ?? 0,
    paused: false,
    isReporting: !isClosed && freezeCount !== undefined,
    ...(firstFrameMs !== undefined && { firstFrameMs }),
    ...(freezeCount !== undefined && { freezeCount }),
    ...(freezeS !== undefined && { totalFreezesDurationS: freezeS }),
    underruns: number(sample?.underruns) ?? 0,
    ...(sample && { ...scoresOf(sample), sample: sampleOf(sample) }),
  }
}

function sampleOf(row: HistoryRow): LiveSample {
  const figures = sampleFigures.map((name) => [name, number(row[columnOf(name)]) ?? null])
  return { atMs: number(row.at_ms) ?? 0, ...Object.fromEntries(figures) }
}

function scoresOf(row: HistoryRow): { health: LiveScore; videoQuality: LiveScore } {
  const values = { health: number(row.health), videoQuality: number(row.video_quality) }
  const { health, videoQuality } = readReasons(row.reasons, values)
  return { health: wordScore(health), videoQuality: wordScore(videoQuality) }
}

/** Counts of what the replay has shown so far. */
export function summaryAt(
  connections: readonly LiveConnection[],
  counts: {
    readonly fromMs: number
    readonly atMs: number
    readonly events: number
    operations: readonly OperationRecord[]
  },
): MonitorSummary {
  const inState = (...states: string[]) => connections.filter(({ state }) => states.includes(state)).length
  const ofStatus = (status: OperationRecord['status']) =>
    counts.operations.filter((operation) => operation.status === status).length
  return {
    startedAtMs: counts.fromMs,
    atMs: counts.atMs,
    connections: {
      total: connections.length,
      connected: inState('active', 'ended'),
      disconnected: 0,
      new: inState('waiting'),
      connecting: inState('connecting'),
      closed: inState('closed'),
      failed: connections.filter(({ error }) => error !== undefined).length,
    },
    operations: {
      started: ofStatus('started'),
      completed: ofStatus('completed'),
      failed: ofStatus('failed'),
      canceled: ofStatus('canceled'),
      total: counts.operations.length,
    },
    pendingTasks: 0,
    events: counts.events,
  }
}
