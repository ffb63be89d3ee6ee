// A viewer behind a path, over real UDP: what was asked for is what its statistics and the other side see.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { ImpairedPath } from '../../../src/lib/impairment/path.ts'
import { type ImpairmentTexts, parseImpairment } from '../../../src/lib/impairment/spec.ts'
import { createUdpMux } from '../../../src/lib/webrtc/ice/udp-mux.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { connectPair, createFactory, hangMs, packetOf, until } from '../../support/webrtc-pair.ts'

vi.setConfig({ testTimeout: hangMs })

async function connect(texts: ImpairmentTexts, clock = systemClock) {
  const path = new ImpairedPath({ impairment: parseImpairment(texts), clock, seed: 3 })
  const factory = await createFactory()
  const { peer, viewer } = await connectPair(factory, { path })
  onTestFinished(async () => {
    await viewer.close()
    path.close()
    await peer.close()
    await factory.close()
  })
  const video = peer.outlets.find(({ kind }) => kind === 'video')!
  /** Few at a time, so that no buffer of the kernel overflows. */
  const send = async (count: number, from = 0) => {
    for (let i = from; i < from + count; i++) {
      const stamp = Buffer.alloc(100)
      stamp.writeDoubleBE(performance.now(), 0)
      video.send(packetOf(i, stamp))
      if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  return { path, peer, viewer, send }
}

describe('a viewer behind a path', () => {
  it('sees the delay of each way', async () => {
    const { viewer, send, path, peer } = await connect({ base: 'up.delay=30ms,down.delay=50ms' })
    const delays: number[] = []
    viewer.events.on('rtp', ({ payload, atMs }) => delays.push(atMs - payload.readDoubleBE(0)))
    await send(300)
    await until(() => delays.length === 300)
    delays.sort((a, b) => a - b)
    expect(delays[0]!).toBeGreaterThanOrEqual(49.4)
    expect(delays[10]!).toBeLessThan(52)
    const { roundTripTimeS } = viewer.stats()
    expect(roundTripTimeS! * 1000).toBeGreaterThanOrEqual(79)
    expect(path.stats.down.deliveredPackets).toBeGreaterThanOrEqual(300)
    let isClosed = false
    peer.events.on('state', (state) => {
      isClosed ||= state === 'closed'
    })
    // The goodbye is on its way when the viewer is gone.
    await viewer.close()
    await until(() => isClosed)
  })

  it('loses what the path loses, and nothing else', async () => {
    const clock = new FakeClock(0)
    const { viewer, send, path } = await connect({ at: ['1s:down.loss=20%,down.burst-loss=2', '2s:loss=none'] }, clock)
    const seen = new Set<number>()
    viewer.events.on('rtp', ({ sequence }) => seen.add(sequence))
    await send(10)
    clock.advance(1000)
    await send(4000, 10)
    clock.advance(1000)
    // So that the last loss is seen as one.
    await send(10, 4010)
    await until(() => seen.has(4019))
    const lost = viewer.stats().video!.packetsLost
    expect(lost).toBe(4020 - seen.size)
    expect(Math.abs(lost / 4000 - 0.2)).toBeLessThan(0.03)
    // Checks of ICE and reports were lost too.
    const { loss } = path.stats.down.dropped
    expect(loss).toBeGreaterThanOrEqual(lost)
    expect(loss - lost).toBeLessThan(20)
  })

  it('has a bottleneck for media', async () => {
    const { viewer, send, path } = await connect({ base: 'down.rate=400kbps,down.queue=100ms' })
    const startMs = performance.now()
    const before = path.stats.down.deliveredBytes
    let received = 0
    viewer.events.on('rtp', () => received++)
    // 100 bytes each 0.2 ms are ten times as much.
    await send(3000)
    await until(() => path.stats.down.queuedPackets === 0 && path.stats.down.delayedPackets === 0)
    const bps = ((path.stats.down.deliveredBytes - before) * 8000) / (performance.now() - startMs)
    expect(received).toBeGreaterThan(100)
    expect(bps).toBeLessThan(420_000)
    expect(path.stats.down.dropped.queue).toBeGreaterThan(1000)
  })

  it('does not hold up its end for a datagram that takes too long, which then goes nowhere', async () => {
    const clock = new FakeClock(0)
    const path = new ImpairedPath({ impairment: parseImpairment({ base: 'up.delay=9s' }), clock, seed: 1 })
    const mux = await createUdpMux({ addresses: ['127.0.0.1'], path })
    const [endpoint] = mux.attach(new Map()).endpoints
    endpoint!.post(Buffer.from('late'), mux.addresses[0]!.port, '127.0.0.1')
    const closed = mux.close()
    await clock.advanceAsync(1000)
    await closed
    clock.advance(9000)
    expect(path.stats.up.deliveredPackets).toBe(1)
  })
})
