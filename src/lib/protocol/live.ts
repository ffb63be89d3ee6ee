// How the monitor is watched as it happens: everything at once, then what changes. As JSON over the WebSocket at routes.live, the
// first message alone as the answer to a plain GET. Times are milliseconds since the epoch.
import type { TaskRecord } from '../base/tasks.ts'
import type { SampleFigures } from '../model/figure-table.ts'
import type { LifecycleEvent, MonitoredConnection, MonitorSummary, OperationRecord } from '../model/monitor.ts'
import type { Quality, RungQuality } from '../model/quality.ts'
import { type WordedReason, type WordedScore, wordScore } from '../model/score-words.ts'
import type { CloseReason, PeerStates, StreamState } from '../model/stream.ts'

export const liveVersion = 1

/** A score with its reasons in words: the most that a watcher needs. */
export interface LiveScore extends Pick<WordedScore, 'value' | 'version' | 'unknown'> {
  readonly reasons: readonly (Pick<WordedReason, 'points' | 'text'> & Partial<WordedReason>)[]
}

/** A moment of one connection. */
export interface LiveSample extends SampleFigures {
  readonly atMs: number
}

export interface LiveConnection {
  readonly id: string
  readonly content: string
  readonly state: StreamState
  readonly peerStates: PeerStates
  /** As it was asked for. */
  readonly quality: Quality
  /** As it is sent. */
  readonly sentQuality?: RungQuality
  /** What may be asked for besides `auto`, from worst to best; empty where the content has one rendition. */
  readonly qualities: readonly RungQuality[]
  readonly codecs: readonly string[]
  readonly peer?: string
  readonly worker?: number
  readonly createdAtMs: number
  readonly connectedAtMs?: number
  readonly closedAtMs?: number
  readonly closeReason?: CloseReason
  readonly error?: { readonly code: string; readonly message: string }
  readonly durationS: number
  readonly mediaTimeS: number
  readonly paused: boolean
  /** Whether the viewer says what it sees. One that does not may see anything. */
  readonly isReporting: boolean
  readonly firstFrameMs?: number
  readonly freezeCount?: number
  readonly totalFreezesDurationS?: number
  readonly underruns: number
  readonly health?: LiveScore
  readonly videoQuality?: LiveScore
  /** The newest; absent until something was measured. */
  readonly sample?: LiveSample
}

/** A media worker at its last report. */
export interface LiveWorker {
  readonly worker: number
  readonly viewers: number
  readonly cpuS: number
  readonly rssBytes: number
  readonly loopDelayP99Ms: number
}

interface LiveLists {
  readonly atMs: number
  readonly summary: MonitorSummary
  readonly connections: readonly LiveConnection[]
  readonly operations: readonly OperationRecord[]
  readonly tasks: readonly TaskRecord[]
  readonly events: readonly LifecycleEvent[]
  readonly workers: readonly LiveWorker[]
}

/** All that is known: open connections and the last closed ones, and the last of the rest, oldest first. */
export interface LiveState extends LiveLists {
  readonly type: 'state'
  readonly version: typeof liveVersion
  readonly server: {
    readonly version: string
    readonly nodeId: string
    readonly startedAtMs: number
    readonly pollIntervalS: number
  }
}

/** What is new or different since the message before; `gone` are connections that are not listed any more. */
export interface LiveChange extends LiveLists {
  readonly type: 'change'
  readonly gone: readonly string[]
}

export type LiveMessage = LiveState | LiveChange

/** How many of each a watcher keeps; the server sends no more of them at once. */
export const liveLimits = { closed: 200, operations: 200, tasks: 200, events: 200 } as const

export function toLiveConnection({ stream, snapshot, figures }: MonitoredConnection): LiveConnection {
  const { media, error } = stream
  const sentQuality = stream.rung?.name ?? snapshot?.quality
  const viewer = snapshot?.isReporting ? snapshot.viewer : undefined
  return {
    id: stream.id,
    content: stream.content,
    state: stream.state,
    peerStates: stream.peerStates,
    quality: stream.quality,
    ...(sentQuality !== undefined && { sentQuality }),
    qualities: media?.mode === 'ladder' ? media.rungs.map(({ name }) => name) : [],
    codecs: stream.sent.map(({ codec }) => codec),
    ...(stream.peer !== undefined && { peer: stream.peer }),
    ...(stream.worker !== undefined && { worker: stream.worker }),
    createdAtMs: stream.createdAtMs,
    ...(stream.connectedAtMs !== undefined && { connectedAtMs: stream.connectedAtMs }),
    ...(stream.closedAtMs !== undefined && { closedAtMs: stream.closedAtMs }),
    ...(stream.closeReason !== undefined && { closeReason: stream.closeReason }),
    ...(error && { error: { code: error.code, message: error.message } }),
    durationS: media?.durationS ?? snapshot?.durationS ?? 0,
    mediaTimeS: snapshot?.mediaTimeS ?? 0,
    paused: snapshot?.paused ?? false,
    isReporting: snapshot?.isReporting ?? false,
    ...(viewer?.firstFrameMs !== undefined && { firstFrameMs: viewer.firstFrameMs }),
    ...(viewer?.freezeCount !== undefined && { freezeCount: viewer.freezeCount }),
    ...(viewer?.totalFreezesDurationS !== undefined && { totalFreezesDurationS: viewer.totalFreezesDurationS }),
    underruns: snapshot?.underruns ?? 0,
    ...(snapshot && { health: wordScore(snapshot.health), videoQuality: wordScore(snapshot.videoQuality) }),
    ...(snapshot && figures && { sample: { atMs: snapshot.atMs, ...figures } }),
  }
}

const isOpen = ({ state }: LiveConnection) => state !== 'closed'

/** The state after a message: open connections first, then the closed ones, each newest first. Pure. */
export function applyLive(before: LiveState | undefined, message: LiveMessage): LiveState | undefined {
  if (message.type === 'state') return { ...message, connections: inOrder(message.connections) }
  if (!before) return undefined
  const connections = new Map(before.connections.map((one) => [one.id, one]))
  for (const one of message.connections) connections.set(one.id, one)
  for (const id of message.gone) connections.delete(id)
  const workers = new Map([...before.workers, ...message.workers].map((one) => [one.worker, one]))
  return {
    ...before,
    atMs: message.atMs,
    summary: message.summary,
    connections: inOrder([...connections.values()]),
    operations: latest(before.operations, message.operations, liveLimits.operations),
    tasks: latest(before.tasks, message.tasks, liveLimits.tasks),
    events: [...before.events, ...message.events].slice(-liveLimits.events),
    workers: [...workers.values()].sort((a, b) => a.worker - b.worker),
  }
}

function inOrder(connections: readonly LiveConnection[]): LiveConnection[] {
  const newest = (a: LiveConnection, b: LiveConnection) => b.createdAtMs - a.createdAtMs
  const closed = connections.filter((one) => !isOpen(one)).sort((a, b) => (b.closedAtMs ?? 0) - (a.closedAtMs ?? 0))
  return [...connections.filter(isOpen).sort(newest), ...closed.slice(0, liveLimits.closed)]
}

/** By id, the newer of two, in the order of their first appearance, and only the last of them. */
function latest<T extends { readonly id: string }>(before: readonly T[], more: readonly T[], limit: number): T[] {
  const all = new Map(before.map((one) => [one.id, one]))
  for (const one of more) all.set(one.id, one)
  return [...all.values()].slice(-limit)
}
