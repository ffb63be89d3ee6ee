// The WebSocket dialect of the origin's example clients (A), with the words of its later server (B) accepted besides.
import { z } from 'zod'
import { McpxError } from '../base/errors.ts'
import { wordsOf } from '../base/plain-text.ts'
import { qualityValue } from './schemas.ts'

/** Longest accepted message, in UTF-16 code units. */
export const maxMessageLength = 256 * 1024
export const maxStreamsPerSocket = 16

const id = z.string().min(1).max(128)
const sdp = z.string().min(1).max(maxMessageLength)
const content = z.string().trim().min(1).max(4096)

const candidateFields = z.object({
  candidate: z.string().max(4096).nullish(),
  sdpMid: z.string().max(64).nullish(),
  sdpMLineIndex: z.int().min(0).max(64).nullish(),
})

/** What `kind` and `frameRate` ask for is what the viewer's answer takes anyway; they are checked and kept for statistics. */
const offerFields = {
  kind: z.enum(['video', 'audio', 'both']).default('video'),
  /** A page whose box is empty sends null. */
  frameRate: z
    .number()
    .min(0)
    .max(1000)
    .nullish()
    .transform((value) => value ?? 30),
  quality: qualityValue.optional(),
  session_id: z.string().max(256).optional(),
  start: z.number().min(0).optional(),
  loop: z.boolean().optional(),
}

const offerRequest = z.object({
  type: z.literal('offer_request'),
  cid: content,
  ...offerFields,
  /** Said by clients of dialect B. */
  pc_id: id.nullish(),
  track_ids: z.array(z.unknown()).max(64).nullish(),
})

export const clientMessage = z.discriminatedUnion('type', [
  offerRequest,
  z.object({ type: z.literal('answer'), pc_id: id, sdp, sdpType: z.literal('answer').default('answer') }),
  z.object({
    type: z.literal('candidate'),
    pc_id: id.optional(),
    /** A line, an RTCIceCandidateInit, or null at the end. */
    candidate: z.union([z.string().max(4096), candidateFields]).nullish(),
    sdpMid: candidateFields.shape.sdpMid,
    sdpMLineIndex: candidateFields.shape.sdpMLineIndex,
  }),
  z.object({ type: z.literal('add_track'), pc_id: id.optional(), cid: content, ...offerFields }),
  z.object({ type: z.literal('get_stats'), pc_id: id.optional(), include_global: z.boolean().optional() }),
  z.object({ type: z.literal('set_quality'), pc_id: id, quality: qualityValue }),
  z.object({ type: z.literal('close'), pc_id: id.optional() }),
  z.object({ type: z.literal('ping') }),
  // Dialect B.
  z.object({
    type: z.literal('add_ipfs_track'),
    pc_id: id.optional(),
    cid: content,
    track_id: z.unknown().optional(),
    ...offerFields,
  }),
  z.object({ type: z.literal('stats_request'), pc_id: id.optional() }),
  z.object({ type: z.literal('quality_change'), pc_id: id, track_id: z.unknown().optional(), quality: qualityValue }),
])
export type ClientMessage = z.output<typeof clientMessage>

const knownTypes = new Set<unknown>(clientMessage.options.map((option) => option.shape.type.value))

/** The words the origin has for what is missing. */
const missingWords: Readonly<Record<string, string>> = {
  set_quality: 'Missing pc_id or quality parameter',
  quality_change: 'Missing pc_id or quality parameter',
  offer_request: 'Missing cid parameter',
  add_track: 'Missing cid parameter',
  add_ipfs_track: 'Missing cid parameter',
  answer: 'Missing pc_id or sdp parameter',
}

const namedFields = ['cid', 'pc_id', 'quality', 'sdp']

/** Text → message. Throws INVALID_JSON or INVALID_REQUEST with the origin's words. */
export function parseClientMessage(text: string): ClientMessage {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw new McpxError('INVALID_JSON', 'Invalid JSON message')
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new McpxError('INVALID_REQUEST', 'Invalid JSON message: an object is expected')
  const { type } = raw as { type?: unknown }
  if (!knownTypes.has(type))
    throw new McpxError('INVALID_REQUEST', `Unknown message type: ${wordsOf(type).slice(0, 64)}`)
  const parsed = clientMessage.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const field = issue.path.join('.')
  const isMissing = namedFields.includes(field) && (raw as Record<string, unknown>)[field] === undefined
  const words = isMissing ? missingWords[String(type)] : undefined
  throw new McpxError('INVALID_REQUEST', words ?? `${String(type)}: ${field || 'message'}: ${issue.message}`)
}

/** What the viewer's page shows of a stream now and then; every number is there, because the pages format them blindly. */
export interface QualityNotice {
  readonly pc_id: string
  readonly cid: string
  readonly quality_level: string
  readonly network_score: number
  readonly buffer_level: number
  readonly connection_quality_score: number
  readonly duration: number
  readonly network_metrics: {
    /** Milliseconds. */
    readonly rtt: number
    /** Percent. */
    readonly packet_loss: number
    /** Bits per second. */
    readonly bandwidth_estimate: number
    /** Milliseconds. */
    readonly jitter: number
  }
}

/** `connection_stats` of dialect A; null where nothing is known. */
export interface ConnectionStats {
  readonly created_at: number
  readonly state: string
  readonly cid: string
  readonly kind: string
  readonly frame_rate: number | null
  readonly quality: string
  readonly ice_candidates_added: number
  readonly streams_active: number
  readonly bytes_sent: number
  readonly frames_sent: number
  readonly frames_dropped: number | null
  readonly rtt: number | null
  readonly packet_loss: number | null
  readonly bandwidth_estimate: number
  readonly jitter: number | null
  readonly connection_quality_score: number | null
  readonly buffer_health: number
  readonly adaptation_changes: number
  readonly dropped_frame_rate: number | null
  readonly active: boolean
  readonly current_time: number
  readonly duration: number
}

export type ServerMessage =
  | {
      readonly type: 'welcome'
      readonly client_id: string
      readonly message: string
      readonly capabilities: readonly string[]
      readonly notification_support: boolean
      readonly server_info: { readonly version: string; readonly features: readonly string[] }
    }
  | {
      readonly type: 'offer' | 'track_offer'
      readonly pc_id: string
      readonly sdp: string
      readonly sdpType: 'offer'
      readonly cid: string
      readonly ice_servers: readonly object[]
      readonly session_id?: string
    }
  | { readonly type: 'connected'; readonly pc_id: string }
  | {
      readonly type: 'candidate'
      readonly pc_id: string
      readonly candidate: string
      readonly sdpMid: string | null
      readonly sdpMLineIndex: number | null
    }
  | {
      readonly type: 'stats'
      readonly pc_id?: string
      readonly connection_stats: ConnectionStats | Readonly<Record<string, ConnectionStats>>
      readonly global_metrics?: object
      readonly stats?: ConnectionStats | Readonly<Record<string, ConnectionStats>>
      readonly track_stats?: object
      readonly timestamp: number
    }
  | {
      readonly type: 'quality_result'
      readonly pc_id: string
      readonly quality: string | number
      readonly success: boolean
      readonly error?: string
    }
  | { readonly type: 'closed'; readonly pc_id: string; readonly reason?: string }
  | { readonly type: 'closed_all'; readonly count: number }
  | { readonly type: 'pong'; readonly timestamp: number }
  | {
      readonly type: 'answer_result' | 'add_track_result' | 'close_result'
      readonly success: boolean
      readonly pc_id?: string
      readonly error?: string
    }
  | {
      readonly type: 'notification'
      readonly notification_type: 'webrtc_quality_changed'
      readonly data: QualityNotice
      readonly timestamp: number
    }
  | {
      readonly type: 'error'
      readonly message: string
      readonly code: string
      readonly hint: string
      readonly pc_id?: string
    }
