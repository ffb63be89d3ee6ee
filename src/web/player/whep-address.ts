// How a WHEP offer is addressed.
import { whepPath } from '../../lib/protocol/routes.ts'

/** What the offer asks for. */
export interface WhepRequest {
  readonly base: string
  readonly content: string
  /** A stream that another door opened and that waits for a viewer. */
  readonly connectionId?: string
  readonly startS?: number
  readonly quality?: string
  readonly loop?: boolean
  readonly audioTrackId?: number
}

/** Address of the offer. Only what differs from the server's defaults goes into the query. */
export function whepUrl({ base, content, connectionId, startS, quality, loop, audioTrackId }: WhepRequest): string {
  const query = new URLSearchParams()
  if (connectionId) query.set('connection_id', connectionId)
  if (startS && startS > 0) query.set('start', startS.toFixed(3))
  if (quality && quality !== 'auto') query.set('quality', quality)
  if (loop) query.set('loop', 'true')
  if (audioTrackId !== undefined) query.set('audio', String(audioTrackId))
  const text = query.toString()
  return `${base}${whepPath(content)}${text ? `?${text}` : ''}`
}
