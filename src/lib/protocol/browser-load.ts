// What the load tool and its page in a real browser say to each other: orders come as server-sent events, records go by POST.
import type { Command } from './control.ts'

/** Below the page's own address, which nobody else knows. */
export const browserPaths = {
  /** The time of the tool's clock. */
  clock: '/clock',
  orders: '/orders',
  records: '/records',
  /** Of one session: what stands before the path of WHEP. */
  sessions: '/sessions',
  /** Of what the server granted to an offer. */
  grants: '/grants',
} as const

/** `open`: waits are counted from `plannedAtMs` of the tool's clock. `close`: a last record comes back. */
export type BrowserOrder =
  | { readonly type: 'open'; readonly session: number; readonly plannedAtMs: number }
  | { readonly type: 'command'; readonly session: number; readonly command: Command }
  | { readonly type: 'close'; readonly session: number }

export const recordIntervalMs = 1000
/** Longest accepted body of records, in bytes. */
export const maxRecordsBytes = 1024 * 1024
/** Sessions that one page may have at once. */
export const maxPageSessions = 500
export const maxRungs = 256
