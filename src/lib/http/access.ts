// Who may do what: the server's token, signed tokens with a narrower scope, and single-use tickets.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { type Role, roles } from '../protocol/schemas.ts'

/** What a request may do: everything its role may, on all content or on one CID only. */
export interface Grant {
  readonly role: Role
  readonly cid?: string
  /** Seconds since the epoch; absent for the server's own token. */
  readonly expiresAtS?: number
}

export interface Gatekeeper {
  /** False when the server has no token: everybody who reaches it is an admin. */
  readonly required: boolean
  /** The grant of a token, or undefined when it is wrong or expired. Compares in constant time. */
  check(token: string): Grant | undefined
  /** A compact signed token (`mcpx1.<claims>.<HMAC-SHA256>`); nothing is stored. Needs the server to have a token. */
  mint(grant: Grant & { readonly expiresAtS: number }): string
  /** A ticket that opens one WebSocket within `ticketLifeS`. */
  issueTicket(grant: Grant): string
  redeemTicket(ticket: string): Grant | undefined
}

export const ticketLifeS = 30
const maxTickets = 10_000
const maxTokenLength = 2048
const signedPrefix = 'mcpx1'

/** True when `role` may do what `needed` may. */
export const covers = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

const digest = (text: string) => createHash('sha256').update(text).digest()
const equal = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))

interface Options {
  readonly authToken?: string | undefined
  readonly clock: Clock
  readonly random?: (sizeBytes: number) => Buffer
}

export function createGatekeeper({ authToken, clock, random = randomBytes }: Options): Gatekeeper {
  const everything: Grant = { role: 'admin' }
  const key = authToken ? createHmac('sha256', authToken).update('mcpx signed tokens, version 1').digest() : undefined
  const tickets = new Map<string, { grant: Grant; deadlineMs: number }>()

  const sign = (text: string) => createHmac('sha256', key!).update(text).digest('base64url')
  const isExpired = (grant: Grant) => grant.expiresAtS !== undefined && grant.expiresAtS * 1000 <= clock.wallMs()

  function checkSigned(token: string): Grant | undefined {
    const [prefix, claims, signature, ...rest] = token.split('.')
    if (prefix !== signedPrefix || !claims || !signature || rest.length > 0) return undefined
    if (!equal(signature, sign(`${prefix}.${claims}`))) return undefined
    const { r, c, e } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { r: Role; c?: string; e: number }
    const grant: Grant = { role: r, expiresAtS: e, ...(c ? { cid: c } : {}) }
    return isExpired(grant) ? undefined : grant
  }

  function forgetOldTickets(): void {
    const now = clock.now()
    for (const [ticket, { deadlineMs }] of tickets) {
      if (deadlineMs > now && tickets.size < maxTickets) return
      tickets.delete(ticket)
    }
  }

  return {
    required: key !== undefined,
    check(token) {
      if (!authToken) return everything
      if (token.length > maxTokenLength) return undefined
      return equal(token, authToken) ? everything : checkSigned(token)
    },
    mint({ role, cid, expiresAtS }) {
      if (!key) throw new McpxError('INVALID_REQUEST', 'the server has no token, so there is nothing to narrow')
      const claims = {
        r: role,
        ...(cid ? { c: cid } : {}),
        e: Math.floor(expiresAtS),
        n: random(6).toString('base64url'),
      }
      const text = `${signedPrefix}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
      return `${text}.${sign(text)}`
    },
    issueTicket(grant) {
      forgetOldTickets()
      const ticket = random(24).toString('base64url')
      tickets.set(ticket, { grant, deadlineMs: clock.now() + ticketLifeS * 1000 })
      return ticket
    },
    redeemTicket(ticket) {
      const found = tickets.get(ticket)
      tickets.delete(ticket)
      if (!found || found.deadlineMs <= clock.now() || isExpired(found.grant)) return undefined
      return found.grant
    },
  }
}

/** The CID a spelling of content begins with, or undefined where that cannot be told without asking anybody. */
export function rootOf(content: string): string | undefined {
  const match = /^(?:ipfs:\/\/|\/ipfs\/)?([A-Za-z0-9]+)((?:\/[^/]*)*)$/.exec(content)
  if (!match) return undefined
  if (match[2]!.split('/').some((part) => part === '..' || part === '.')) return undefined
  return match[1]
}

/** Whether the grant reaches this content. Throws FORBIDDEN. */
export function requireContent(grant: Grant, content: string): void {
  if (grant.cid === undefined || rootOf(content) === grant.cid) return
  throw new McpxError('FORBIDDEN', `the token is for ${grant.cid} only`)
}
