// A real viewer inside this process watches the sample for a moment: the truth about whether streaming works here.
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { ConnectionTest } from '../model/connection-test.ts'
import { createReceivingPeer } from '../webrtc/receiving-peer.ts'
import { engineDoor, type OpenableEngine } from './engine-door.ts'
import { untilOver } from './until.ts'
import { openViewer } from './viewer.ts'

const connectTimeoutS = 10
/** Long enough for a receiver report and a few hundred packets. */
const watchS = 1.5

interface TestedEngine extends OpenableEngine<{ readonly id: string }> {
  sample(): Promise<string>
}

/** Throws what the engine says, and PEER_FAILED when no connection or no media comes about in time. The stream is closed either way. */
export async function testConnection(engine: TestedEngine, clock: Clock): Promise<ConnectionTest> {
  const startedAtMs = clock.now()
  const content = await engine.sample()
  const peer = await createReceivingPeer({ clock })
  const firstPacket = peer.events.next('rtp').then(() => clock.now() - startedAtMs)
  const { door, opened } = engineDoor(engine, { owner: 'test_connection' })
  const viewer = await openViewer({ content }, { door, clock, createPeer: async () => peer })
  try {
    const signal = new AbortController().signal
    const end = await untilOver(viewer, { clock, signal, durationS: watchS, connectTimeoutS })
    if (end.reason !== 'duration') throw new McpxError('PEER_FAILED', `the stream was over at once (${end.reason})`)
    const { packetsReceived, packetsLost } = viewer.snapshot()
    const { iceConnectMs = 0, dtlsConnectMs = 0, roundTripTimeS, candidatePair } = peer.stats()
    return {
      streamId: opened().stream.id,
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
