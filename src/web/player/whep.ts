// The WHEP requests (draft-ietf-wish-whep; RFC 9725 for the parts it shares with WHIP) of the player: offer, candidates, leave.
import type { IceServer } from '../../lib/protocol/media-plane.ts'
import { whepPath } from '../../lib/protocol/routes.ts'
import { readAnswerError } from '../shared/answer.ts'
import type { RefusedAnswer } from './failure.ts'

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

/** What the server granted. */
export interface WhepGrant {
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

/** The ICE servers of a `Link` header: `<stun:host>; rel="ice-server"; username="u"; credential="c"` (RFC 9725 4.6). */
export function readIceServers(link: string | null): IceServer[] {
  const servers: IceServer[] = []
  for (const [, urls, parameters] of (link ?? '').matchAll(
    /<([^>]+)>((?:\s*;\s*[\w-]+=(?:"(?:[^"\\]|\\.)*"|[^\s;,]+))*)/g,
  )) {
    const values: Record<string, string> = {}
    for (const [, key, quoted, bare] of parameters!.matchAll(/;\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,]+))/g))
      values[key!.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? bare!
    if (values.rel !== 'ice-server' || !/^(stun|turn)s?:/i.test(urls!)) continue
    const { username, credential } = values
    servers.push({ urls: urls!, ...(username ? { username } : {}), ...(credential ? { credential } : {}) })
  }
  return servers
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
