// ICE checks of our own to every address that a server names, small and large, and an ear for those that it sends: what passes on
// UDP, and in which direction. No connection comes of it; the stream that was opened for it is closed.

import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Clock, delay } from '../../base/clock.ts'
import { jsonOf } from '../../base/response-text.ts'
import type { Api } from '../../client/api.ts'
import { openWhep, type WhepSession } from '../../client/whep-client.ts'
import { routes } from '../../protocol/routes.ts'
import { hostAddresses } from '../../webrtc/ice/udp-mux.ts'
import { createReceivingPeer } from '../../webrtc/receiving-peer.ts'
import { usableTransport } from '../../webrtc/sdp/negotiate.ts'
import { type IceParameters, parseSdp } from '../../webrtc/sdp/sdp.ts'
import { candidatesIn, type NamedCandidate, replaceCandidates } from '../webrtc/candidates.ts'
import { addressKind, placeOf, type ServerPlace } from './addresses.ts'
import { IceCheckSender, type ProbedCandidate } from './ice-check-sender.ts'

/** At least so long a server is listened to, which may check us later than we check it. */
const listenMs = 1500
const maxCandidates = 16

export interface UdpProbe {
  readonly place: ServerPlace | undefined
  readonly candidates: readonly ProbedCandidate[]
  /** Checks of the server that reached us. */
  readonly heard: number
  /** Packets of ours that reached the server; undefined where it does not tell us. */
  readonly heardThere?: number
}

interface ProbeOptions {
  readonly api: Api
  /** Of the server. */
  readonly url: string
  readonly content: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long answers are waited for. */
  readonly timeoutMs?: number
}

/** Throws what the server says of the content or the offer. */
export async function probeUdp(options: ProbeOptions): Promise<UdpProbe> {
  const { api, clock, signal, content, url } = options
  const sockets = await openSockets()
  try {
    const [place, { offer, ice }] = await Promise.all([placeOf(url), makeOffer(clock, sockets)])
    const session = await openWhep(api, { content }, offer, signal)
    try {
      return await check(session, { sockets, ice, place }, options)
    } finally {
      await session.close(AbortSignal.timeout(2000)).catch(() => {})
    }
  } finally {
    await Promise.all(sockets.map((socket) => new Promise<void>((done) => void socket.close(() => done()))))
  }
}

/** One of each family, on all addresses. */
async function openSockets(): Promise<Socket[]> {
  const bound = await Promise.all(
    (['udp4', 'udp6'] as const).map(
      (type) =>
        new Promise<Socket | undefined>((resolve) => {
          const socket = createSocket({ type, ...(type === 'udp6' && { ipv6Only: true }) })
          socket.once('error', () => socket.close(() => resolve(undefined)))
          socket.bind(0, () => {
            socket.removeAllListeners('error').on('error', () => {})
            resolve(socket)
          })
        }),
    ),
  )
  return bound.filter((socket) => socket !== undefined)
}

/** An offer as a viewer makes it, with our sockets in place of its own. */
async function makeOffer(clock: Clock, sockets: readonly Socket[]): Promise<{ offer: string; ice: IceParameters }> {
  const peer = await createReceivingPeer({ clock })
  const written = await peer.offer().finally(() => peer.close())
  const addresses = [...new Set(['127.0.0.1', ...hostAddresses([])])]
  const candidates = addresses.flatMap((address, index) => {
    const socket = sockets.find((one) => (one.address().family === 'IPv6') === isIPv6(address))
    const priority = 126 * 2 ** 24 + (65_535 - index) * 2 ** 8 + 255
    return socket ? [`candidate:${index + 1} 1 udp ${priority} ${address} ${socket.address().port} typ host`] : []
  })
  return { offer: replaceCandidates(written, candidates), ice: usableTransport(parseSdp(written)).ice }
}

interface Ours {
  readonly sockets: readonly Socket[]
  readonly ice: IceParameters
  readonly place: ServerPlace | undefined
}

async function check(session: WhepSession, { place, ...ours }: Ours, options: ProbeOptions): Promise<UdpProbe> {
  const { clock, signal, timeoutMs = 2500, api } = options
  const theirs = usableTransport(parseSdp(session.answer)).ice
  const isAsked = ({ address }: NamedCandidate) => place?.isHere || addressKind(address) !== 'loopback'
  const named = candidatesIn(session.answer).slice(0, maxCandidates)
  const candidates = named.map((one) => ({ ...one, isAsked: isAsked(one), isLargeAnswered: false }))
  const checks = new IceCheckSender({ ...ours, theirs, candidates, clock })
  await checks.run(signal, { timeoutMs, listenMs })
  const isUnclear = candidates.some((one) => one.isAsked) && !checks.isAnyAnswered
  const heardThere = isUnclear ? await askThere(checks, session, { api, clock, signal }) : undefined
  return { place, candidates, heard: checks.heard, ...(heardThere !== undefined && { heardThere }) }
}

/** The server counts at intervals: it is asked until it has counted something, while checks go on. */
async function askThere(
  checks: IceCheckSender,
  { streamId }: WhepSession,
  { api, clock, signal }: Pick<ProbeOptions, 'api' | 'clock' | 'signal'>,
): Promise<number | undefined> {
  let count: number | undefined
  for (let tries = 0; streamId !== undefined && tries < 6 && !count; tries++) {
    checks.round()
    const told = await packetsAt(api, streamId, signal)
    if (told === 'refused') return undefined
    count = told ?? count
    if (!count) await delay(clock, 500, signal)
  }
  return count
}

/** Undefined where the server does not know it yet. */
async function packetsAt(api: Api, streamId: string, signal: AbortSignal): Promise<number | undefined | 'refused'> {
  try {
    const address = routes.webrtc.connection.replace(':id', encodeURIComponent(streamId))
    const response = await api.request(address, { signal })
    const body = (await jsonOf(response)) as { connection?: { stats?: { packetsReceived?: unknown } | null } }
    const count = body.connection?.stats?.packetsReceived
    return typeof count === 'number' ? count : undefined
  } catch {
    signal.throwIfAborted()
    return 'refused'
  }
}
