// Where the server stands: the pages work below any path prefix (a reverse proxy), which they read off their own address.
import { routes } from '../../lib/protocol/routes.ts'

/** The path a page stands at, and what it says. `base` has no slash at its end. */
export interface PageAddress {
  readonly base: string
  /** `<cid>` or `<cid>/path/in/it`, decoded; empty where the address names none. */
  readonly content: string
  /** The stream of another door that this page was opened for (the `connection_id` of the origin's player). */
  readonly connectionId?: string
}

const playerPrefix = routes.player.replace(':cid', '')

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** Understands the address of the player page, in both its forms. */
export function readPlayerAddress(url: { pathname: string; search: string }): PageAddress {
  const query = new URLSearchParams(url.search)
  const connectionId = query.get('connection_id') || undefined
  const withConnection = connectionId ? { connectionId } : {}
  if (url.pathname.endsWith(routes.webrtc.player)) {
    const base = url.pathname.slice(0, -routes.webrtc.player.length)
    return { base, content: query.get('content_cid') ?? '', ...withConnection }
  }
  const at = url.pathname.indexOf(playerPrefix)
  if (at < 0) return { base: '', content: '', ...withConnection }
  const segments = url.pathname.slice(at + playerPrefix.length).split('/')
  const content = segments.map(decode).join('/').replace(/\/+$/, '')
  return { base: url.pathname.slice(0, at), content, ...withConnection }
}

/** The path prefix of the home page and the dashboard. */
export function readPageBase(pathname: string): string {
  for (const other of [routes.webrtc.dashboard, routes.dashboard]) {
    if (pathname.endsWith(other)) return pathname.slice(0, -other.length)
  }
  return pathname.replace(/\/(index\.html)?$/, '')
}
