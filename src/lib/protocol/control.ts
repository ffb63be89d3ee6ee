// The data channel between viewer and server ("mcpx", ordered, JSON texts), and the same commands over other doors.
import { McpxError } from '../base/errors.ts'
import { parseQuality, type Quality } from '../model/quality.ts'
import type { MediaInfo, SentTrack } from '../model/stream.ts'

export const controlLabel = 'mcpx'
/** Longest accepted control message, in UTF-16 code units. */
export const maxControlLength = 16_384

/** What a viewer may ask of its stream. */
export type Command =
  | { readonly type: 'play' }
  | { readonly type: 'pause' }
  | { readonly type: 'seek'; readonly timeS: number }
  | { readonly type: 'quality'; readonly quality: Quality }
  | { readonly type: 'loop'; readonly loop: boolean }
  | { readonly type: 'audio'; readonly trackId: number }

/**
 * From `rtpTimestamp` on (of the video track, or the audio track where there is no video), media time runs from `mediaTimeS`
 * at `rate` (0 while paused). The player finds the media time of what it shows from the last epoch at or before it.
 */
export interface Epoch {
  readonly rtpTimestamp: number
  readonly mediaTimeS: number
  readonly rate: 0 | 1
}

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

/** Text → Command; throws MESSAGE_TOO_LARGE, INVALID_JSON or INVALID_REQUEST. */
export function parseCommand(text: string): Command {
  if (text.length > maxControlLength)
    throw new McpxError(
      'MESSAGE_TOO_LARGE',
      `a control message of ${text.length} characters (at most ${maxControlLength})`,
    )
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw new McpxError('INVALID_JSON', 'a control message that is no JSON')
  }
  return toCommand(raw)
}

/** Checks the shape of a command from any door. Throws INVALID_REQUEST. */
function toCommand(raw: unknown): Command {
  const message = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>
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
