// A real viewer inside this process watches the sample for a moment: the truth about whether streaming works here.
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { ConnectionTest } from '../model/connection-test.ts'
import { createReceivingPeer } from '../webrtc/receiving-peer.ts'
import type { Door } from './door.ts'
import { untilOver } from './until.ts'
import { openViewer } from './viewer.ts'

const connectTimeoutS = 10
/** Long enough for a receiver report and a few hundred packets. */
const watchS = 1.5

/** The calls of an engine that the test needs. */
interface TestedEngine {
  sample(): Promise<string>
  open(request: { content: string; owner: string }): Promise<{ readonly id: string }>
  acceptOffer(streamId: string, sdp: string): Promise<{ sdp: string }>
  close(streamId: string): Promise<void>
}

/** Throws what the engine says, and PEER_FAILED when no connection or no media comes about in time. The stream is closed either way. */
export async function testConnection(engine: TestedEngine, clock: Clock): Promise<ConnectionTest> {
  const startedAtMs = clock.now()
  const content = await engine.sample()
  const peer = await createReceivingPeer({ clock })
  const firstPacket = peer.events.next('rtp').then(() => clock.now() - startedAtMs)
  const { door, streamId } = doorOf(engine)
  const viewer = await openViewer({ content }, { door, clock, createPeer: async () => peer })
  try {
    const signal = new AbortController().signal
    const end = await untilOver(viewer, { clock, signal, durationS: watchS, connectTimeoutS })
    if (end.reason !== 'duration') throw new McpxError('PEER_FAILED', `the stream was over at once (${end.reason})`)
    const { packetsReceived, packetsLost } = viewer.snapshot()
    const { iceConnectMs = 0, dtlsConnectMs = 0, roundTripTimeS, candidatePair } = peer.stats()
    return {
      streamId: streamId(),
      iceConnectMs,
      dtlsConnectMs,
      firstPacketMs: await firstPacket,
      ...(roundTripTimeS !== undefined && { roundTripMs: roundTripTimeS * 1000 }),
      packetsReceived,
      packetsLost,
      ...(candidatePair && { candidatePair }),
    }
  } finally {
    await viewer.close()
  }
}

/** The door without HTTP before it; this process cannot be gone from itself. */
function doorOf(engine: TestedEngine) {
  let id = ''
  const close = () => engine.close(id)
  const door: Door = {
    async open({ content }, offer) {
      id = (await engine.open({ content, owner: 'test_connection' })).id
      try {
        return { answer: (await engine.acceptOffer(id, offer)).sdp, close }
      } catch (error) {
        await close().catch(() => {})
        throw error
      }
    },
    watch: () => () => {},
  }
  return { door, streamId: () => id }
}
