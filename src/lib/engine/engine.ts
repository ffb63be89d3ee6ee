// Who is streaming what to whom. Every door (HTTP, WHEP, WebSocket, CLI) ends in these calls.
import type { Events } from '../base/events.ts'
import type { TaskRecord } from '../base/tasks.ts'
import type { ContentStore } from '../content/store.ts'
import type { ConnectionTest } from '../model/connection-test.ts'
import type { Decision } from '../model/decision.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { Quality } from '../model/quality.ts'
import type { CloseReason, MediaInfo, StreamRecord } from '../model/stream.ts'
import type { Command } from '../protocol/control.ts'
import type { IceCandidate, IceServer, OpenParams, WorkerHealth } from '../protocol/media-plane.ts'

export interface OpenRequest {
  /** Any spelling of content that the store understands. */
  readonly content: string
  readonly quality?: Quality
  readonly startS?: number
  readonly loop?: boolean
  readonly audioTrackId?: number
  /** Who asked, for the per-stream limits and the log. */
  readonly owner?: string
  /** What to hold ahead of the playhead; the server's own measure when absent. */
  readonly buffer?: OpenParams['buffer']
  /** `test`: nobody meant to watch this very content. */
  readonly purpose?: 'test'
  readonly signal?: AbortSignal
}

export type EngineEvents = {
  /** A record changed in any way; the last one has state `closed`. */
  stream: [StreamRecord]
  /** A local ICE candidate (null: no more), for doors that trickle. */
  candidate: [streamId: string, candidate: IceCandidate | null]
  decision: [streamId: string, decision: Decision]
  /** Each beside the one before. */
  snapshots: [readonly MeasuredSnapshot[]]
  health: [WorkerHealth]
  /** Background work began or ended, of a stream or of the server. */
  task: [TaskRecord]
}

export interface EngineInfo {
  readonly nodeId: string
  readonly version: string
  readonly startedAtMs: number
  readonly encoder: 'node-av' | 'ffmpeg' | 'none'
  readonly mediaWorkers: number
  /** CID of the shipped sample, once it has been added. */
  readonly sampleCid?: string
  /** For the Link headers of WHEP and the player. */
  readonly iceServers: readonly IceServer[]
}

export interface Engine {
  readonly events: Events<EngineEvents>
  readonly store: ContentStore
  readonly info: EngineInfo
  /** Resolves, reads and understands the content and reserves a place for a viewer; closed when none comes in time. */
  open(request: OpenRequest): Promise<StreamRecord>
  probe(content: string, signal?: AbortSignal): Promise<MediaInfo>
  /** Viewer offers; also an ICE restart of a running stream. */
  acceptOffer(streamId: string, sdp: string): Promise<{ sdp: string; choiceMs?: number }>
  createOffer(streamId: string, options?: { iceRestart?: boolean }): Promise<{ sdp: string }>
  acceptAnswer(streamId: string, sdp: string): Promise<void>
  addCandidate(streamId: string, candidate: IceCandidate | null): Promise<void>
  command(streamId: string, command: Command): Promise<void>
  /** Fresh statistics, which depend on nobody else who asks; throws STREAM_NOT_FOUND. */
  stats(streamId: string): Promise<MeasuredSnapshot>
  /** Open streams first, then the last closed ones (bounded). */
  list(): readonly StreamRecord[]
  get(streamId: string): StreamRecord | undefined
  close(streamId: string, reason?: CloseReason): Promise<void>
  /** Closes every open stream and says how many. */
  closeAll(reason?: CloseReason): Promise<number>
  /** CID of the shipped sample ladder; adds it to the store at the first call. */
  sample(): Promise<string>
  /** Connects a real viewer inside this process to a stream of the sample and says what it measured. */
  testConnection(): Promise<ConnectionTest>
  health(): readonly WorkerHealth[]
  stop(): Promise<void>
}
