// A STUN or TURN server as people write it (RFC 7064, RFC 7065): what is asked where, and with which credentials.
import { isIPv6 } from 'node:net'
import { McpxError } from '../base/errors.ts'
import { withoutCredentials } from '../base/without-credentials.ts'
import type { IceServer } from './media-plane.ts'

/** `turn:host:3478?transport=udp&username=u&credential=c` → what ICE takes; credentials leave the address. Throws INVALID_OPTION. */
export function parseIceServer(text: string): IceServer {
  const match = /^((?:stuns?|turns?):[^?\s]+)(?:\?(.*))?$/i.exec(text.trim())
  if (!match)
    throw new McpxError(
      'INVALID_OPTION',
      `--ice-server: "${withoutCredentials(text.split('?')[0]!)}" is not a stun: or turn: address`,
    )
  const query = new URLSearchParams(match[2] ?? '')
  const transport = query.get('transport')
  const username = query.get('username')
  const credential = query.get('credential')
  const urls = transport ? `${match[1]}?transport=${transport}` : match[1]!
  if (/^turn/i.test(urls) && (username === null || credential === null))
    throw new McpxError(
      'INVALID_OPTION',
      `--ice-server: ${withoutCredentials(match[1]!)} needs ?username=…&credential=…`,
    )
  return { urls, ...(username !== null && { username }), ...(credential !== null && { credential }) }
}

export interface IceServerAddress {
  readonly kind: 'stun' | 'turn'
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
}

/** `turns:host?transport=tcp` → where and how it is asked; undefined for what is no such address. No credentials in it. */
export function iceServerAddress({ urls }: Pick<IceServer, 'urls'>): IceServerAddress | undefined {
  const match = /^(stun|turn)(s?):(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i.exec(
    urls.trim(),
  )
  if (!match) return undefined
  const [, kind, secure, written, portText, given] = match
  const host = written!.replace(/^\[|\]$/g, '')
  if (host.includes(':') && !isIPv6(host)) return undefined
  const port = portText === undefined ? (secure ? 5349 : 3478) : Number(portText)
  if (port < 1 || port > 65_535) return undefined
  const transport = secure ? 'tls' : ((given?.toLowerCase() as 'udp' | 'tcp' | undefined) ?? 'udp')
  return { kind: kind!.toLowerCase() as 'stun' | 'turn', host, port, transport }
}
