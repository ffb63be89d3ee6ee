// Asks a TURN server for a relay and sends through it, both ways: one that takes the credentials and relays nothing is found.
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Clock, every } from '../../base/clock.ts'
import { withDeadline } from '../../base/deadline.ts'
import { type IceServerAddress, iceServerAddress } from '../../protocol/ice-server.ts'
import type { IceServer } from '../../protocol/media-plane.ts'
import { LinkFailure } from '../../webrtc/ice-server/server-link.ts'
import {
  openTurnSession,
  type TransportAddress,
  TurnRefused,
  type TurnSession,
} from '../../webrtc/ice-server/turn-session.ts'
import type { FindingOf } from '../check.ts'
import type { TurnTrouble, turnTroubles } from './ice-server-troubles.ts'
import { late, type ProbeOptions, probeTimeoutMs } from './probe-stun.ts'

type TurnFinding = FindingOf<typeof turnTroubles>

/** Datagrams may be lost: what is not there is sent again so often. */
const againMs = 200
/** How long the permission, and then both ways are waited for. */
const permitMs = 2000
const relayMs = 1500

/** Never throws but the reason of the signal. The credentials are in nothing that it says. */
export async function probeTurn(server: IceServer, options: ProbeOptions): Promise<TurnFinding> {
  const { clock, signal, timeoutMs = probeTimeoutMs } = options
  const subject = server.urls
  const address = iceServerAddress(server)
  if (!address) return { status: 'fail', subject, detail: 'is no address of a TURN server', trouble: 'malformed' }
  const { username = '', credential = '' } = server
  const opening = { clock, credentials: { username, credential }, ...(options.ca ? { ca: options.ca } : {}) }
  const open: Opener = (within, onData) =>
    withDeadline(
      clock,
      timeoutMs,
      within,
      (inner) => openTurnSession(address, { ...opening, signal: inner, onData }),
      late,
    )
  try {
    return { subject, ...(await relay(address, open, { clock, signal })) }
  } catch (error) {
    signal.throwIfAborted()
    return { status: 'fail', subject, ...explain(error, timeoutMs) }
  }
}

function explain(error: unknown, timeoutMs: number): { detail: string; trouble: TurnTrouble } {
  if (error instanceof LinkFailure) return { detail: error.message, trouble: error.trouble }
  if (!(error instanceof TurnRefused)) return { detail: `no answer within ${timeoutMs / 1000} s`, trouble: 'no-answer' }
  const detail = `it answers ${error.message}`
  if (error.code === 401 || error.code === 438) return { detail, trouble: 'wrong-credentials' }
  return { detail, trouble: error.code === 486 || error.code === 508 ? 'quota' : 'refuses' }
}

type Opener = (signal: AbortSignal, onData: (data: Buffer) => void) => Promise<TurnSession>
interface Bounds {
  readonly clock: Clock
  readonly signal: AbortSignal
}

async function relay(address: IceServerAddress, open: Opener, bounds: Bounds): Promise<TurnFinding> {
  const inbox = new Inbox()
  const session = await open(bounds.signal, (data) => inbox.take(data))
  try {
    const peer = (await openSocketPeer(address, session, bounds)) ?? (await openRelayPeer(open, bounds))
    try {
      return judge(session, await passThrough(session, inbox, peer, bounds))
    } finally {
      await peer.close()
    }
  } finally {
    await session.close()
  }
}

/** Who stands at the other end of the relay. */
interface RelayPeer {
  /** As the TURN server reaches it. */
  readonly address: TransportAddress
  readonly inbox: Inbox
  readonly what: 'socket' | 'relay'
  open(relayed: TransportAddress, signal: AbortSignal): Promise<void>
  send(relayed: TransportAddress, data: Buffer): void
  close(): Promise<void>
}

class Inbox {
  readonly #seen = new Set<string>()

  take(data: Buffer): void {
    if (data.length <= 64 && this.#seen.size < 100) this.#seen.add(data.toString('hex'))
  }

  has(data: Buffer): boolean {
    return this.#seen.has(data.toString('hex'))
  }
}

/**
 * A socket of ours where the server can reach it: without a NAT on the way. What is sent to the relay first opens a firewall that
 * lets answers in. Undefined where a NAT stands between, or UDP is not how the server is asked.
 */
async function openSocketPeer(
  { transport }: IceServerAddress,
  { mapped, local }: TurnSession,
  { signal }: Bounds,
): Promise<RelayPeer | undefined> {
  if (transport !== 'udp' || mapped?.address !== local.address) return undefined
  const socket = createSocket(isIPv6(local.address) ? 'udp6' : 'udp4')
  const inbox = new Inbox()
  socket.on('message', (data) => inbox.take(data))
  socket.on('error', () => {})
  const close = () => new Promise<void>((done) => void socket.close(() => done()))
  const port = await bound(socket, local.address, signal).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    address: { address: local.address, port },
    inbox,
    what: 'socket',
    open: async () => {},
    send: (relayed, data) => socket.send(data, relayed.port, relayed.address),
    close,
  }
}

function bound(socket: Socket, address: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    socket.bind({ address, port: 0 }, () => resolve(socket.address().port))
  })
}

/** A second allocation: what goes from relay to relay needs nothing but the way to the server. */
async function openRelayPeer(open: Opener, { signal }: Bounds): Promise<RelayPeer> {
  const inbox = new Inbox()
  const session = await open(signal, (data) => inbox.take(data))
  return {
    address: session.relayed,
    inbox,
    what: 'relay',
    open: (relayed, within) => session.permit(relayed, within),
    send: (relayed, data) => session.send(relayed, data),
    close: () => session.close(),
  }
}

interface Passage {
  readonly peer: 'socket' | 'relay'
  readonly refused?: string
  readonly out: boolean
  readonly back: boolean
  readonly roundTripMs?: number
}

async function passThrough(session: TurnSession, inbox: Inbox, peer: RelayPeer, bounds: Bounds): Promise<Passage> {
  const { clock, signal } = bounds
  try {
    const permit = async (within: AbortSignal) => {
      await session.permit(peer.address, within)
      await peer.open(session.relayed, within)
    }
    await withDeadline(clock, permitMs, signal, permit, late)
  } catch (error) {
    if (!(error instanceof TurnRefused)) throw error
    return { peer: peer.what, refused: error.message, out: false, back: false }
  }
  const [out, back] = [randomBytes(16), randomBytes(16)]
  const startedAtMs = clock.now()
  const state = () => ({ out: peer.inbox.has(out), back: inbox.has(back) })
  return new Promise((resolve, reject) => {
    const send = () => {
      const { out: isOut, back: isBack } = state()
      if (!isBack) peer.send(session.relayed, back)
      if (!isOut) session.send(peer.address, out)
    }
    const end = () => {
      for (const timer of timers) timer.cancel()
      signal.removeEventListener('abort', stop)
    }
    const stop = () => {
      end()
      reject(signal.reason)
    }
    const look = () => {
      const now = state()
      const isLate = clock.now() - startedAtMs >= relayMs
      if (!(now.out && now.back) && !isLate) return
      end()
      resolve({ peer: peer.what, ...now, ...(isLate ? {} : { roundTripMs: clock.now() - startedAtMs }) })
    }
    const timers = [every(clock, againMs, send), every(clock, 2, look)]
    signal.addEventListener('abort', stop, { once: true })
    send()
  })
}

function judge(session: TurnSession, passage: Passage): TurnFinding {
  const { connectMs, allocateMs, relayed, isOpenToAll, mapped, local } = session
  const values = {
    connectMs,
    allocateMs,
    relayedAddress: relayed.address,
    isBehindNat: mapped !== undefined && mapped.address !== local.address,
    ...(passage.roundTripMs !== undefined && { relayMs: passage.roundTripMs }),
  }
  const through = passage.peer === 'socket' ? 'to a socket of ours and back' : 'from relay to relay and back'
  const troubled = (status: 'fail' | 'warn', trouble: TurnTrouble, detail: string) => ({
    status,
    trouble,
    detail,
    values,
  })
  if (passage.refused)
    return troubled('warn', 'peer-refused', `allocates, but answers ${passage.refused} for our address`)
  if (!passage.out && !passage.back) return troubled('fail', 'never-relays', `allocates, and relays nothing ${through}`)
  if (!passage.out) return troubled('fail', 'one-way', 'relays to us, and nothing from us')
  if (!passage.back) return troubled('fail', 'one-way', 'relays from us, and nothing to us')
  if (isOpenToAll) return troubled('warn', 'open-to-all', `relays ${through}, and asks for no credentials`)
  return { status: 'pass', detail: `credentials hold; relays ${through}`, values }
}
