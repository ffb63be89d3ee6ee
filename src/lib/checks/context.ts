// What a check is given: the server as it was met, what this process is configured with, and in a server its inside.
import type { Clock } from '../base/clock.ts'
import type { Api } from '../client/api.ts'
import type { ContentStore } from '../content/store.ts'
import type { ReadHistory } from '../model/history.ts'
import type { IceServer } from '../protocol/media-plane.ts'

/** A server as it was met before any check ran. */
export interface ServerTarget {
  /** Home page, without a slash at the end. */
  readonly url: string
  readonly token?: string
  readonly api: Api
  /** `untrusted`: something answers, with a certificate that nobody here vouches for; no secret is sent there. */
  readonly state: 'reached' | 'untrusted' | 'unreachable'
  /** Whether it lets this command in: what GET /api/v0 answered. */
  readonly access: 'granted' | 'refused' | 'unknown'
  /** Why it could not be reached, or refuses. */
  readonly reason?: string
  /** What it says of itself, once it lets us in. */
  readonly info?: ServerInfo
}

export interface ServerInfo {
  readonly version: string
  readonly encoder: string
  readonly contentStore: string
  readonly sampleCid?: string
  readonly metricsPath?: string
}

/** What the process in which a check runs is configured with: the server's options, or the command's. */
export interface CheckSettings {
  /** Folder of the repo. */
  readonly repoPath: string
  readonly ipfsApi?: string
  /** None with --offline. */
  readonly gateways: readonly string[]
  readonly offline: boolean
  readonly iceServers: readonly IceServer[]
  readonly announceAddresses: readonly string[]
  /** What the server added itself: nobody else has it. */
  readonly sampleCid?: string
}

/** The inside of a server. */
export interface ServerInside {
  readonly store: ContentStore
  readonly encoder: 'node-av' | 'ffmpeg' | 'none'
  readonly startedAtMs: number
  /** What it listens on, as --host has it. */
  readonly host: string
  /** Undefined where they are off. */
  readonly webrtcMetricsUrl?: string
  readonly authToken?: string
  /** Undefined with --disable-webrtc-monitor. */
  readonly history?: {
    readonly read: ReadHistory
    problems(): readonly string[]
    readonly folder: string
    readonly maxAgeDays: number
    readonly maxBytes: number
  }
}

export interface CheckContext {
  readonly clock: Clock
  /** Aborted at the deadline of the check, or when nobody wants to know any more. */
  readonly signal: AbortSignal
  readonly settings: CheckSettings
  /** In the command. */
  readonly server?: ServerTarget
  /** In the server. */
  readonly inside?: ServerInside
  /** What is played or read: the CID that was named, or the server's sample. */
  readonly content?: string
}
