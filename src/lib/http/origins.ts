// Which names the server answers to and which web pages may talk to it: against DNS rebinding and cross-site requests.
import { isLoopback } from '../model/bind.ts'

interface OriginRules {
  /** Whether the Host header names this server: loopback, the address the connection came in on, or an allowed name. */
  knowsHost(host: string | undefined, localAddress: string | undefined): boolean
  /** Whether a page of this origin may change things here: our own origin, or an allowed one. */
  trustsOrigin(origin: string, host: string | undefined): boolean
  /** Whether it is on the list of --allowed-origin. */
  isListed(origin: string): boolean
}

interface Options {
  readonly host: string
  readonly allowedHost: readonly string[]
  readonly allowedOrigin: readonly string[]
}

interface Authority {
  readonly name: string
  readonly port: string
}

/** `name:port` → its parts, lower case, without brackets and trailing dot; undefined when it is not an authority. */
export function parseAuthority(text: string): Authority | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(text)
  if (!match) return undefined
  return {
    name: match[1]!
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '')
      .toLowerCase(),
    port: match[2] ?? '',
  }
}

const plainAddress = (address: string) => address.replace(/^::ffff:(?=\d+\.)/, '').toLowerCase()

function parseOrigin(origin: string): URL | undefined {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return undefined
  return new URL(origin)
}

export function createOriginRules({ host, allowedHost, allowedOrigin }: Options): OriginRules {
  const listening = parseAuthority(host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)?.name
  const names = allowedHost.map(parseAuthority).filter((entry) => entry !== undefined)
  const listed = new Set(allowedOrigin.map((origin) => parseOrigin(origin)?.origin).filter((o) => o !== undefined))

  return {
    knowsHost(header, localAddress) {
      const asked = header === undefined ? undefined : parseAuthority(header)
      if (!asked) return false
      if (isLoopback(asked.name) || asked.name === listening) return true
      if (localAddress !== undefined && asked.name === plainAddress(localAddress)) return true
      return names.some(({ name, port }) => name === asked.name && (port === '' || port === asked.port))
    },
    trustsOrigin(origin, header) {
      const from = parseOrigin(origin)
      if (!from) return false
      if (listed.has(from.origin)) return true
      const own = header === undefined ? undefined : parseOrigin(`${from.protocol}//${header}`)
      return own !== undefined && own.host === from.host
    },
    isListed: (origin) => listed.has(parseOrigin(origin)?.origin ?? ''),
  }
}
