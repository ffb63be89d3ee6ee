// A real viewer inside this process watches the sample for a moment: the truth about whether streaming works here.
import { type Clock, delay } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { createViewerPeer, type ViewerStats } from '../webrtc/viewer-peer.ts'
import type { ConnectionTest, Engine } from './engine.ts'

const connectTimeoutMs = 10_000
/** Long enough for a receiver report and a few hundred packets. */
const watchMs = 1500

/** Throws PEER_FAILED when no connection or no packet comes about in time. The stream is closed either way. */
export async function testConnection(engine: Engine, clock: Clock): Promise<ConnectionTest> {
  const startedAt = clock.now()
  const stream = await engine.open({ content: await engine.sample(), owner: 'test_connection' })
  const viewer = await createViewerPeer({ clock })
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
