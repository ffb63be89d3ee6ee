// The WHEP requests (draft-ietf-wish-whep; RFC 9725 for the parts it shares with WHIP) of the player: offer, candidates, leave.
import { readIceServers } from '../../lib/protocol/ice-links.ts'
import type { IceServer } from '../../lib/protocol/media-plane.ts'
import { readAnswerError } from '../shared/answer.ts'
import type { RefusedAnswer } from './failure.ts'
import { type WhepRequest, whepUrl } from './whep-address.ts'

/** What the server granted. */
interface WhepGrant {
  readonly sdp: string
  /** Absolute address of the session: PATCH candidates, DELETE to leave. */
  readonly sessionUrl?: string
  readonly etag?: string
  readonly iceServers: readonly IceServer[]
}

/** The server answered, and refused. */
export class WhepRefused extends Error {
  override readonly name = 'WhepRefused'
  readonly answer: RefusedAnswer

  constructor(answer: RefusedAnswer) {
    super(answer.message ?? `status ${answer.status}`)
    this.answer = answer
  }
}

/** POSTs the offer. Throws WhepRefused where the server says no, and what fetch throws where there is no answer. */
export async function postOffer(request: WhepRequest, sdp: string, signal: AbortSignal): Promise<WhepGrant> {
  const response = await fetch(whepUrl(request), {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', accept: 'application/sdp, application/json;q=0.9' },
    body: sdp,
    signal,
  })
  const body = await response.text()
  if (!response.ok) throw new WhepRefused({ status: response.status, ...readAnswerError(body) })
  const location = response.headers.get('location')
  const etag = response.headers.get('etag')
  return {
    sdp: body,
    ...(location ? { sessionUrl: new URL(location, response.url).href } : {}),
    ...(etag ? { etag } : {}),
    iceServers: readIceServers(response.headers.get('link')),
  }
}

/** Ends the session, also while the page goes away. Best effort: the server notices a viewer that is gone anyway. */
export function leave(sessionUrl: string): void {
  fetch(sessionUrl, { method: 'DELETE', keepalive: true }).catch(() => undefined)
}
