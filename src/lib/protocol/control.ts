// The data channel between viewer and server ("mcpx", ordered, JSON texts), and the same commands over other doors.
import { McpxError } from '../base/errors.ts'
import type { EpochCause } from '../model/epoch-cause.ts'
import { parseQuality, type Quality } from '../model/quality.ts'
import type { MediaInfo, SentTrack } from '../model/stream.ts'
import { type ViewerReport, viewerCounterRates, viewerReportLimits } from '../model/viewer-report.ts'

export type { ViewerReport }

export const controlLabel = 'mcpx'
/** Longest accepted control message, in UTF-16 code units. */
export const maxControlLength = 16_384
/** How often a viewer reports. */
export const viewerReportIntervalMs = 2000

/** What a viewer may ask of its stream. */
export type Command =
  | { readonly type: 'play' }
  | { readonly type: 'pause' }
  | { readonly type: 'seek'; readonly timeS: number }
  | { readonly type: 'quality'; readonly quality: Quality }
  | { readonly type: 'loop'; readonly loop: boolean }
  | { readonly type: 'audio'; readonly trackId: number }

/** What comes over the control channel: a command, or what the viewer measured. */
export type ViewerMessage = Command | { readonly type: 'report'; readonly report: ViewerReport }

/**
 * From `rtpTimestamp` on (of the video track, or the audio track where there is no video), media time runs from `mediaTimeS`
 * at `rate` (0 while paused). The player finds the media time of what it shows from the last epoch at or before it.
 */
export interface Epoch {
  readonly rtpTimestamp: number
  readonly mediaTimeS: number
  readonly rate: 0 | 1
  readonly cause: EpochCause
}

/** How far RTP timestamp `later` is after `earlier`, signed, on the 32-bit circle (RFC 3550 5.1). */
export const rtpDistance = (later: number, earlier: number): number => (later - earlier) | 0

/** What the server tells the viewer. */
export type ServerNote =
  | {
      readonly type: 'media'
      readonly streamId: string
      readonly media: MediaInfo
      readonly sent: readonly SentTrack[]
      readonly clockRate: number
    }
  | { readonly type: 'epoch'; readonly epoch: Epoch; readonly paused: boolean }
  | { readonly type: 'quality'; readonly quality: Quality; readonly rung: number; readonly name: string }
  | { readonly type: 'buffering'; readonly buffering: boolean }
  | { readonly type: 'ended' }
  | { readonly type: 'closed'; readonly reason: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly hint: string }

/** Text → message of a viewer; throws MESSAGE_TOO_LARGE, INVALID_JSON or INVALID_REQUEST. */
export function parseViewerMessage(text: string): ViewerMessage {
  if (text.length > maxControlLength)
    throw new McpxError(
      'MESSAGE_TOO_LARGE',
      `a control message of ${text.length} characters (at most ${maxControlLength})`,
    )
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw new McpxError('INVALID_JSON', 'a control message is not valid JSON')
  }
  if (isObject(raw) && raw.type === 'report') return { type: 'report', report: toReport(raw.report) }
  return toCommand(raw)
}

const isObject = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null

/** Takes the fields that are known and within reason; what else there is says nothing. Throws INVALID_REQUEST. */
function toReport(raw: unknown): ViewerReport {
  if (!isObject(raw)) throw new McpxError('INVALID_REQUEST', 'a report without a record')
  const report: Record<string, number> = {}
  for (const [field, most] of Object.entries(viewerReportLimits)) {
    const value = raw[field]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= 0 && value <= most) || (isCount(field) && !Number.isInteger(value)))
      throw new McpxError('INVALID_REQUEST', `${field} of a report is ${JSON.stringify(value)?.slice(0, 50)}`)
    report[field] = value
  }
  return report
}

const isCount = (field: string): boolean =>
  Object.hasOwn(viewerCounterRates, field) && field !== 'totalFreezesDurationS'

/** Checks the shape of a command from any door. Throws INVALID_REQUEST. */
function toCommand(raw: unknown): Command {
  const message = isObject(raw) ? raw : {}
  switch (message.type) {
    case 'play':
    case 'pause':
      return { type: message.type }
    case 'seek':
      if (typeof message.timeS !== 'number' || !Number.isFinite(message.timeS) || message.timeS < 0) break
      return { type: 'seek', timeS: message.timeS }
    case 'quality':
      return { type: 'quality', quality: parseQuality(message.quality) }
    case 'loop':
      if (typeof message.loop !== 'boolean') break
      return { type: 'loop', loop: message.loop }
    case 'audio':
      if (!Number.isSafeInteger(message.trackId)) break
      return { type: 'audio', trackId: message.trackId as number }
  }
  throw new McpxError('INVALID_REQUEST', `no such control command: ${JSON.stringify(raw)?.slice(0, 200)}`)
}
