// The STUN and TURN servers that a server names to its viewers, read from its Link headers.
import type { IceServer } from './media-plane.ts'

const maxLinkLength = 16_384

/** Of a `Link` header: `<stun:host>; rel="ice-server"; username="u"; credential="c"` (RFC 9725 4.6). What is none is left out. */
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
