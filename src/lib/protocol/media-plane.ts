// The border between the control plane (main thread) and the media workers: calls, events and their shapes.
import type { ErrorRecord } from '../base/errors.ts'
import type { DoorAddress } from '../base/local-door.ts'
import type { LogFormat, LogLevel } from '../base/logger.ts'
import type { TaskRecord } from '../base/tasks.ts'
import type { BlockReaderStats } from '../model/content-stats.ts'
import type { Decision } from '../model/decision.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { HistogramCounts } from '../model/histogram.ts'
import type { Quality, QualityReason } from '../model/quality.ts'
import type { CloseReason, MediaInfo, PeerStates, Rung, SentTrack, StreamState } from '../model/stream.ts'
import type { Command } from './control.ts'

/** A file by hash. */
export interface FileRef {
  readonly cid: string
  readonly sizeBytes: number
}

/** What to play: the files of one piece of content by path, and which of them to open. A single file has one entry. */
export interface SourceRef {
  /** Identity for caches: the root CID and path. */
  readonly id: string
  readonly entry: string
  readonly files: Readonly<Record<string, FileRef>>
}

export interface IceServer {
  readonly urls: string
  readonly username?: string
  readonly credential?: string
}

/** How peers of one worker reach the network. */
export interface PeerSettings {
  readonly iceServers: readonly IceServer[]
  /** Put into host candidates in place of the addresses found, for a server behind 1:1 NAT. */
  readonly announceAddresses: readonly string[]
  /** Addresses to gather on; empty means all but loopback, and loopback when there is nothing else. */
  readonly bindAddresses: readonly string[]
  /** One shared UDP port for the worker; 0 takes a free one. */
  readonly udpPort?: number
  /** A socket for each viewer in this range instead of the shared port. */
  readonly udpPortRange?: readonly [number, number]
}

export interface WorkerSettings {
  readonly index: number
  /** Folder of the block files, read directly; a miss is asked for with `fetchBlock`. */
  readonly blocksPath: string
  readonly memoryCacheBytes: number
  readonly renditionCacheBytes: number
  readonly peer: PeerSettings
  readonly snapshotIntervalMs: number
  readonly logLevel: LogLevel
  readonly logFormat?: LogFormat
  /** Folder that gets the log besides stderr. */
  readonly logFolder?: string
  /** Whether a transcode plane exists here, and with what. */
  readonly encoder: 'node-av' | 'ffmpeg' | 'none'
}

export interface IceCandidate {
  readonly candidate: string
  readonly sdpMid?: string
  readonly sdpMLineIndex?: number
}

export interface OpenParams {
  readonly streamId: string
  readonly source: SourceRef
  readonly quality: Quality
  readonly startS: number
  readonly loop: boolean
  /** Track to send when there are several; the first otherwise. */
  readonly audioTrackId?: number
  /** Video frames to hold ahead of the playhead, and the share of them below which more are fetched. */
  readonly buffer?: { readonly frames: number; readonly prefetchRatio: number }
}

/** What the control plane asks of a media worker. */
export type MediaMethods = {
  /** The first call: resolves when the worker is ready, or rejects with why it never will be (PORT_IN_USE, …). */
  start: [undefined, { readonly udpAddresses: readonly string[] }]
  /** Reads and understands the content; the stream waits for a peer. */
  open: [OpenParams, MediaInfo]
  probe: [{ source: SourceRef }, MediaInfo]
  /** Server offers (dialect A). `iceRestart` renews the transport of a running stream. */
  createOffer: [{ streamId: string; iceRestart?: boolean }, { sdp: string }]
  acceptAnswer: [{ streamId: string; sdp: string }, { sent: readonly SentTrack[] }]
  /** Viewer offers (WHEP). Also takes the offer of an ICE restart. Full SDP answer with all candidates. */
  acceptOffer: [
    { streamId: string; sdp: string },
    /** `choiceMs`: how long it took to decide what is sent; absent where that was settled before. */
    { sdp: string; sent: readonly SentTrack[]; choiceMs?: number },
  ]
  addCandidate: [{ streamId: string; candidate: IceCandidate | null }, undefined]
  command: [{ streamId: string; command: Command }, undefined]
  snapshot: [{ streamId: string }, MeasuredSnapshot]
  close: [{ streamId: string; reason: CloseReason }, undefined]
  stop: [undefined, undefined]
}

/** What a media worker tells, unasked. */
export type MediaEvents = {
  state: {
    readonly streamId: string
    readonly state: StreamState
    readonly peerStates: PeerStates
    readonly peer?: string
  }
  sent: {
    readonly streamId: string
    readonly sent: readonly SentTrack[]
    readonly rung?: Rung
    readonly quality: Quality
    /** Absent while it is that of the beginning. */
    readonly qualityReason?: QualityReason
    /** What the content is to this viewer: transcoded, it has other rungs and stands upright. */
    readonly media: MediaInfo
  }
  /** Told by who decided, before what it has decided holds. */
  decision: { readonly streamId: string; readonly decision: Decision }
  candidate: { readonly streamId: string; readonly candidate: IceCandidate | null }
  /** The stream ended by itself; the worker has forgotten it. */
  over: { readonly streamId: string; readonly reason: CloseReason; readonly error?: ErrorRecord }
  snapshots: readonly MeasuredSnapshot[]
  health: WorkerHealth
  task: TaskRecord
}

/** Edges of what WorkerHealth counts. */
export const pacingErrorEdgesMs = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32, 48, 64, 96, 128, 256, 512] as const
export const prefetchEdgesMs = [1, 5, 10, 25, 50, 100, 250, 500, 1000] as const

export interface WorkerHealth {
  readonly worker: number
  readonly viewers: number
  /** Largest and p99 event-loop delay since the last report. */
  readonly loopDelayMaxMs: number
  readonly loopDelayP99Ms: number
  /** How late packets left, in ms by pacingErrorEdgesMs, since the worker began. */
  readonly pacingErrors: HistogramCounts
  /** GOPs read ahead of the playheads, because nobody had them: how long it took in ms by prefetchEdgesMs, and how many failed. */
  readonly prefetches: HistogramCounts
  readonly failedPrefetches: number
  readonly cpuS: number
  readonly rssBytes: number
  readonly renditionCacheBytes: number
  readonly renditionCacheHits: number
  readonly renditionCacheMisses: number
  /** What it read from the block folder by itself. */
  readonly blocks: BlockReaderStats
}

/** What a media worker asks of the control plane; a transcode process asks for blocks alone. */
export type HostMethods = {
  /** Makes the block present in the block folder; rejects with CONTENT_NOT_FOUND or CONTENT_TIMEOUT. */
  fetchBlock: [{ cid: string }, { source: string }]
  /**
   * Runs a job in the transcode pool until it is over; segments come by the door that the caller holds open. Rejects with
   * TRANSCODE_FAILED when the process of the job ended under it, with TOO_MANY_STREAMS when there is no room for one.
   */
  transcode: [TranscodeRequest, TranscodeUsage]
}

/** What is to be made of a track. Also the identity of the result. */
export type Recipe =
  | {
      readonly kind: 'video'
      readonly codec: 'vp8' | 'vp9' | 'h264'
      readonly width: number
      readonly height: number
      readonly frameRate: number
      readonly bitrateBps: number
      /** Clockwise degrees to turn the picture, so that it needs no rotation after. */
      readonly rotate: 0 | 90 | 180 | 270
    }
  | { readonly kind: 'audio'; readonly codec: 'opus'; readonly channels: 1 | 2; readonly bitrateBps: number }

/** Segments of `segmentS` seconds on a grid from 0; the job starts with segment `from` and goes on until cancelled or the end. */
export interface TranscodeJob {
  readonly source: SourceRef
  readonly trackId: number
  readonly recipe: Recipe
  readonly segmentS: number
  readonly from: number
}

/** A job as a media worker asks for it. */
export interface TranscodeRequest extends TranscodeJob {
  /** Where the segments are to be brought. */
  readonly door: DoorAddress
  /** In a process that has had no other job: what another one left behind in it shall not be taken for this one's fault. */
  readonly isFresh: boolean
}

export interface TranscodeUsage {
  /** CPU of the whole process while the job ran. */
  readonly cpuUs: number
}

/** Over the port of a job, process to asker. One slab a segment. */
export type TranscodeOutput =
  | {
      readonly t: 'segment'
      readonly index: number
      readonly startS: number
      readonly endS: number
      readonly isLast: boolean
      readonly slab: Uint8Array
      readonly frames: readonly {
        readonly timeS: number
        readonly durationS: number
        readonly isKey: boolean
        readonly offset: number
        readonly length: number
      }[]
    }
  | { readonly t: 'failed'; readonly error: ErrorRecord }

/** Over the port of a job, asker to process: how many more segments may be made ahead, or stop. */
export type TranscodeInput = { readonly t: 'credit'; readonly segments: number } | { readonly t: 'cancel' }
