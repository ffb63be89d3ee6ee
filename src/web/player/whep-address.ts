// How a WHEP offer is addressed, and which ICE servers the answer names.
import type { IceServer } from '../../lib/protocol/media-plane.ts'
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

const maxLinkLength = 16_384

/** The ICE servers of a `Link` header: `<stun:host>; rel="ice-server"; username="u"; credential="c"` (RFC 9725 4.6). */
export function readIceServers(link: string | null): IceServer[] {
  const servers: IceServer[] = []
  for (const [, urls, parameters] of (link ?? '')
    .slice(0, maxLinkLength)
    .matchAll(/<([^>]+)>((?:\s*;\s*[\w-]+=(?:"(?:[^"\\]|\\.)*"|[^\s;,]+))*)/g)) {
    const values: Record<string, string> = {}
    for (const [, key, quoted, bare] of parameters!.matchAll(/;\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,]+))/g))
      values[key!.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? bare!
    if (values.rel !== 'ice-server' || !/^(stun|turn)s?:/i.test(urls!)) continue
    const { username, credential } = values
    servers.push({ urls: urls!, ...(username ? { username } : {}), ...(credential ? { credential } : {}) })
  }
  return servers
}
