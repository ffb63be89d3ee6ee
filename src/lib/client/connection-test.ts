// A real viewer inside this process watches the sample for a moment: the truth about whether streaming works here.
import { type Clock, delay } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { ConnectionTest } from '../model/connection-test.ts'
import { createReceivingPeer, type ViewerStats } from '../webrtc/receiving-peer.ts'

const connectTimeoutMs = 10_000
/** Long enough for a receiver report and a few hundred packets. */
const watchMs = 1500

/** The calls of an engine that the test needs. */
interface TestedEngine {
  sample(): Promise<string>
  open(request: { content: string; owner: string }): Promise<{ readonly id: string }>
  acceptOffer(streamId: string, sdp: string): Promise<{ sdp: string }>
  close(streamId: string): Promise<void>
}

/** Throws PEER_FAILED when no connection or no packet comes about in time. The stream is closed either way. */
export async function testConnection(engine: TestedEngine, clock: Clock): Promise<ConnectionTest> {
  const startedAt = clock.now()
  const stream = await engine.open({ content: await engine.sample(), owner: 'test_connection' })
  const viewer = await createReceivingPeer({ clock })
  try {
    const deadline = AbortSignal.timeout(connectTimeoutMs)
    const firstPacket = viewer.events.next('rtp', deadline).then(() => clock.now() - startedAt)
    const { sdp } = await engine.acceptOffer(stream.id, await viewer.offer())
    await viewer.acceptAnswer(sdp)
    const firstPacketMs = await firstPacket.catch(() => {
      throw new McpxError(
        'PEER_FAILED',
        `no packet within ${connectTimeoutMs / 1000} s; the connection is ${viewer.connectionState}`,
      )
    })
    await delay(clock, watchMs)
    const stats = await viewer.stats()
    return {
      streamId: stream.id,
      iceConnectMs: stats.iceConnectMs ?? 0,
      dtlsConnectMs: stats.dtlsConnectMs ?? 0,
      firstPacketMs,
      ...(stats.roundTripTimeS !== undefined && { roundTripMs: stats.roundTripTimeS * 1000 }),
      packetsReceived: total(stats, 'packetsReceived'),
      packetsLost: total(stats, 'packetsLost'),
      ...(stats.candidatePair && { candidatePair: stats.candidatePair }),
    }
  } finally {
    await viewer.close()
    await engine.close(stream.id).catch(() => {})
  }
}

const total = (stats: ViewerStats, name: 'packetsReceived' | 'packetsLost'): number =>
  (stats.video?.[name] ?? 0) + (stats.audio?.[name] ?? 0)
