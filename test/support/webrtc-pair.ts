// A server peer and our headless viewer over loopback, connected, for contract tests.
import { type Clock, systemClock, type Timer } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import type { OutgoingPacket } from '../../src/lib/model/frame.ts'
import type { PeerSettings } from '../../src/lib/protocol/media-plane.ts'
import type { ChosenCodecs, Peer, ViewerCodecs } from '../../src/lib/webrtc/peer.ts'
import { createPeerFactory, type PeerFactory } from '../../src/lib/webrtc/peer-factory.ts'
import { createReceivingPeer, type ReceivingPeer, type ViewerOptions } from '../../src/lib/webrtc/receiving-peer.ts'
import type { ParsedRtp } from '../../src/lib/webrtc/rtp/receive-stream.ts'
import { FakeClock } from './fake-clock.ts'
import { PatientClock } from './patient-clock.ts'

/** Ends a test that hangs, and nothing else: the machine may be as busy as it likes. */
export const hangMs = 60_000
/** On it a handshake or a silence never takes too long. */
const patientClock = new PatientClock()
export const loopback = ['127.0.0.1']

/** Time as told, for what peers measure and repeat; the steps of a few milliseconds in which a peer closes take real time. */
export class HandClock extends FakeClock {
  override after(delayMs: number, run: () => void, options?: { keepAlive?: boolean }): Timer {
    return delayMs < 20 ? systemClock.after(delayMs, run, options) : super.after(delayMs, run)
  }
}

export const createFactory = (
  settings: Partial<PeerSettings> = {},
  clock: Clock = patientClock,
): Promise<PeerFactory> =>
  createPeerFactory(
    { iceServers: [], announceAddresses: [], bindAddresses: loopback, ...settings },
    { clock, logger: silentLogger },
  )

export const createViewer = (options: Partial<ViewerOptions> = {}): Promise<ReceivingPeer> =>
  createReceivingPeer({ clock: patientClock, bindAddresses: loopback, ...options })

/** VP8 and Opus, as most tests want it. */
export async function chooseVp8(viewer: ViewerCodecs): Promise<ChosenCodecs> {
  const video = viewer.video.find(({ codec }) => codec === 'vp8')
  const audio = viewer.audio[0]
  return { ...(video ? { video } : {}), ...(audio ? { audio } : {}) }
}

export async function isConnected(peer: Peer | ReceivingPeer): Promise<void> {
  while (peer.connectionState !== 'connected') {
    if (peer.connectionState === 'failed' || peer.connectionState === 'closed') throw new Error(peer.connectionState)
    await (peer as Peer).events.next('state', AbortSignal.timeout(hangMs))
  }
}

/** The viewer offers, as a browser does over WHEP. */
export async function connectPair(
  factory: PeerFactory,
  options: Partial<ViewerOptions> = {},
): Promise<{ peer: Peer; viewer: ReceivingPeer }> {
  const peer = await factory.createPeer()
  const viewer = await createViewer(options)
  const answer = await peer.acceptOffer(await viewer.offer(), chooseVp8)
  await viewer.acceptAnswer(answer)
  await Promise.all([isConnected(peer), isConnected(viewer)])
  return { peer, viewer }
}

export const packetOf = (
  sequence: number,
  payload: Uint8Array,
  more: Partial<OutgoingPacket> = {},
): OutgoingPacket => ({
  payload,
  sequence: sequence & 0xffff,
  timestamp: sequence * 3000,
  marker: true,
  pictureIdOffset: -1,
  pictureId: 0,
  ...more,
})

/** Drops each primary packet whose sequence is listed, once. */
export function dropOnce(sequences: readonly number[], payloadType: number): (packet: ParsedRtp) => boolean {
  const left = new Set(sequences)
  return (packet) => packet.payloadType === payloadType && left.delete(packet.sequence)
}

/** Resolves when `test` holds; looks after every event-loop turn for at most `timeoutMs`. */
export async function until(test: () => boolean, timeoutMs = hangMs): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!test()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${test}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
