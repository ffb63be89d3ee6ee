import { createSocket } from 'node:dgram'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { PacketReport } from '../../src/lib/model/packet-report.ts'
import type { ReceiverReport } from '../../src/lib/webrtc/peer.ts'
import type { PeerFactory } from '../../src/lib/webrtc/peer-factory.ts'
import type { ReceivedRtp, ReceivingPeer } from '../../src/lib/webrtc/receiving-peer.ts'
import {
  chooseVp8,
  connectPair,
  createFactory,
  createViewer,
  dropOnce,
  HandClock,
  hangMs,
  isConnected,
  packetOf,
  until,
} from '../support/webrtc-pair.ts'

vi.setConfig({ testTimeout: 2 * hangMs })

let factory: PeerFactory
const viewers: ReceivingPeer[] = []

beforeAll(async () => {
  factory = await createFactory()
})
afterEach(async () => {
  await Promise.all(viewers.splice(0).map((viewer) => viewer.close()))
})
afterAll(async () => {
  await factory.close()
})

/** A port that was free a moment ago. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound))
  const { port } = socket.address()
  await new Promise<void>((closed) => socket.close(closed))
  return port
}

async function connected(options: Parameters<typeof connectPair>[1] = {}) {
  const pair = await connectPair(factory, options)
  viewers.push(pair.viewer)
  const received: ReceivedRtp[] = []
  pair.viewer.events.on('rtp', (packet) => received.push(packet))
  const outlet = (kind: 'video' | 'audio') => pair.peer.outlets.find((candidate) => candidate.kind === kind)!
  return { ...pair, received, outlet }
}

describe('a peer and a viewer that offers', () => {
  it('carries both kinds with sequence, timestamp, marker and PictureID as given, over the wrap of the sequence', async () => {
    const { peer, received, outlet } = await connected()
    const acked: PacketReport[] = []
    peer.events.on('acked', ({ packets }) => acked.push(...packets))
    const payload = Uint8Array.from([0x90, 0x80, 0x80, 0, 1, 2, 3])
    for (let i = 0; i < 40; i++) {
      const sequence = 65_520 + i
      const marker = i % 2 === 0
      expect(
        outlet('video').send(packetOf(sequence, payload, { marker, pictureIdOffset: 2, pictureId: 0x7ff0 + i })),
      ).toBe(true)
      outlet('audio').send(packetOf(i, Uint8Array.from([i])))
    }
    await until(() => received.length === 80)
    const video = received.filter(({ kind }) => kind === 'video')
    expect(video.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 40 }, (_, i) => (65_520 + i) & 0xffff))
    expect(video.map(({ marker }) => marker)).toEqual(Array.from({ length: 40 }, (_, i) => i % 2 === 0))
    expect(video.map(({ payload: got }) => got.readUInt16BE(2))).toEqual(
      Array.from({ length: 40 }, (_, i) => 0x8000 | ((0x7ff0 + i) & 0x7fff)),
    )
    expect(payload).toEqual(Uint8Array.from([0x90, 0x80, 0x80, 0, 1, 2, 3]))
    expect(received.filter(({ kind }) => kind === 'audio').map(({ payload: got }) => got[0])).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    )
    await until(() => acked.length === 80)
    expect(acked.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 80 }, (_, i) => i))
    expect(acked.every(({ kind, arrivedAtMs }) => kind === 'media' && arrivedAtMs !== undefined)).toBe(true)
    expect(peer.timings.dtlsConnectMs).toBeGreaterThan(0)
    expect(peer.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  it('repairs what was lost: NACK from the viewer, RTX from the peer', async () => {
    const lost = [5, 6, 17]
    // The viewer asks when this clock says so: on a real one a pause of the machine makes it ask again, or give up.
    const clock = new HandClock()
    const { peer, viewer, received, outlet } = await connected({ drop: dropOnce(lost, 98), clock })
    const asked: number[] = []
    peer.events.on('nack', (kind, sequences) => {
      expect(kind).toBe('video')
      for (const sequence of sequences) {
        asked.push(sequence)
        expect(outlet('video').retransmit(packetOf(sequence, Uint8Array.from([sequence])))).toBe(true)
      }
    })
    for (let i = 0; i < 30; i++) outlet('video').send(packetOf(i, Uint8Array.from([i])))
    await until(() => received.length === 30 - lost.length)
    clock.advance(20)
    await until(() => received.length === 30)
    clock.advance(100)
    expect(asked).toEqual(lost)
    expect(
      received.filter(({ isRecovered }) => isRecovered).map(({ sequence, payload }) => [sequence, payload[0]]),
    ).toEqual(lost.map((sequence) => [sequence, sequence]))
    expect(viewer.stats().video).toMatchObject({ packetsReceived: 30, packetsLost: 3, packetsRecovered: 3 })
  })

  it('tells of picture loss, loss, jitter, round trip and when each packet arrived', async () => {
    const clock = new HandClock()
    const own = await createFactory({}, clock)
    const { peer, viewer } = await connectPair(own, {
      drop: (packet) => packet.payloadType === 98 && packet.sequence === 3,
      clock,
    })
    viewers.push(viewer)
    const outlet = peer.outlets.find(({ kind }) => kind === 'video')!
    let received = 0
    viewer.events.on('rtp', () => received++)
    const reports: ReceiverReport[] = []
    const arrivals = new Map<number, number | undefined>()
    peer.events.on('receiverReport', (report) => {
      if (report.kind === 'video') reports.push(report)
    })
    peer.events.on('acked', ({ packets }) => {
      for (const { sequence, arrivedAtMs } of packets) arrivals.set(sequence, arrivedAtMs)
    })
    for (let i = 0; i < 10; i++) outlet.send(packetOf(i, Uint8Array.from([i])))
    await until(() => received === 9)

    // 10 ms there, 10 ms until the next report of the viewer, 30 ms back.
    const senderReport = viewer.events.next('report', AbortSignal.timeout(hangMs))
    outlet.sendSenderReport({ wallMs: 1_700_000_000_100, rtpTimestamp: 9000, packetCount: 10, octetCount: 10 })
    clock.stall(10)
    await senderReport
    const pictureLoss = peer.events.next('pictureLoss', AbortSignal.timeout(hangMs))
    viewer.requestKeyFrame()
    clock.advance(10)
    clock.stall(30)
    await pictureLoss
    await until(() => reports.length > 0 && arrivals.size === 10)
    expect(arrivals.get(3)).toBeUndefined()
    expect([...arrivals.values()].filter((time) => time !== undefined)).toHaveLength(9)
    expect(reports).toEqual([expect.objectContaining({ packetsLost: 1, fractionLost: expect.closeTo(0.1, 1) })])
    expect(reports[0]!.roundTripTimeS).toBeCloseTo(0.04, 3)
    await peer.close()
    await own.close()
  })

  it('speaks over the control channel both ways and refuses what is too long', async () => {
    const { peer, viewer } = await connected()
    const toPeer = peer.events.next('control')
    const toViewer = viewer.events.next('control')
    await until(() => viewer.sendControl('{"type":"play"}'))
    await until(() => peer.sendControl('{"type":"ended"}'))
    expect(await toPeer).toEqual(['{"type":"play"}'])
    expect(await toViewer).toEqual(['{"type":"ended"}'])
    expect(viewer.sendControl('x'.repeat(70_000))).toBe(false)
  })

  it('goes on after an ICE restart of the viewer', async () => {
    const { peer, viewer, received, outlet } = await connected()
    outlet('video').send(packetOf(1, Uint8Array.from([1])))
    const answer = await peer.acceptOffer(await viewer.offer({ iceRestart: true }), () => {
      throw new Error('a restart does not choose again')
    })
    outlet('video').send(packetOf(2, Uint8Array.from([2])))
    await viewer.acceptAnswer(answer)
    expect(peer.iceState).toBe('checking')
    await until(() => peer.iceState === 'connected')
    outlet('video').send(packetOf(3, Uint8Array.from([3])))
    await until(() => received.length === 3)
    expect(answer).not.toContain('a=sendrecv')
  })

  it('sees the viewer leave at once, and is seen leaving', async () => {
    const first = await connected()
    const peerState = first.peer.events.next('state', AbortSignal.timeout(hangMs))
    await first.viewer.close()
    expect(await peerState).toEqual(['closed', 'connected'])
    await first.peer.close()

    const second = await connected()
    const viewerState = second.viewer.events.next('state', AbortSignal.timeout(hangMs))
    await second.peer.close()
    expect((await viewerState)[0]).toBe('closed')
    expect(second.peer.connectionState).toBe('closed')
    expect(second.outlet('video')).toBeUndefined()
  })

  it('keeps the section it sends nothing on, inactive, so that the bundle hangs on the first one still', async () => {
    const peer = await factory.createPeer()
    const viewer = await createViewer()
    viewers.push(viewer)
    const offer = await viewer.offer()
    const answer = await peer.acceptOffer(offer, async ({ audio }) => ({ audio: audio[0]! }))
    const mids = (sdp: string) => /a=group:BUNDLE (.*)/.exec(sdp)![1]
    expect(offer.indexOf('m=video')).toBeLessThan(offer.indexOf('m=audio'))
    expect(mids(answer)).toBe(mids(offer))
    expect(answer.match(/^m=\w+ \d+|^a=(?:inactive|sendonly)/gm)).toEqual([
      ...['m=video 9', 'a=inactive', 'm=audio 9', 'a=sendonly', 'm=application 9'],
    ])
    await viewer.acceptAnswer(answer)
    await Promise.all([isConnected(peer), isConnected(viewer)])
    expect(peer.outlets.map(({ kind }) => kind)).toEqual(['audio'])
  })

  it('refuses everything once closed', async () => {
    const peer = await factory.createPeer()
    await peer.close()
    await peer.close()
    await expect(peer.acceptOffer('v=0', chooseVp8)).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
    expect(peer.sendControl('x')).toBe(false)
  })
})

describe('a peer that offers', () => {
  it('connects with what the answer left, opens the control channel and restarts ICE', async () => {
    const peer = await factory.createPeer()
    const viewer = await createViewer({ codecs: { video: [{ codec: 'vp8', parameters: {} }] } })
    viewers.push(viewer)
    const codecs = {
      video: [
        { codec: 'vp9', parameters: { 'profile-id': '0' } },
        { codec: 'vp8', parameters: {} },
      ],
      audio: [{ codec: 'opus', parameters: {}, channels: 2 }],
    } as const
    const offer = await peer.createOffer(codecs)
    expect(offer).toContain('a=setup:actpass')
    expect(offer.match(/a=sendonly/g)).toHaveLength(2)
    const opened = viewer.events.next('controlOpen', AbortSignal.timeout(hangMs))
    await peer.acceptAnswer(await viewer.acceptOffer(offer), async (left) => {
      expect(left.video.map(({ codec }) => codec)).toEqual(['vp8'])
      expect(left.audio).toEqual([])
      return { video: left.video[0]! }
    })
    await Promise.all([isConnected(peer), isConnected(viewer), opened])
    expect(peer.outlets.map(({ kind, codec }) => [kind, codec.codec])).toEqual([['video', 'vp8']])
    const received: number[] = []
    viewer.events.on('rtp', ({ sequence }) => received.push(sequence))
    peer.outlets[0]!.send(packetOf(7, Uint8Array.from([7])))
    const again = await peer.createOffer(codecs, { iceRestart: true })
    expect(/a=ice-ufrag:(.*)/.exec(again)![1]).not.toBe(/a=ice-ufrag:(.*)/.exec(offer)![1])
    await peer.acceptAnswer(await viewer.acceptOffer(again), chooseVp8)
    await until(() => peer.iceState === 'connected')
    peer.outlets[0]!.send(packetOf(8, Uint8Array.from([8])))
    await until(() => received.length === 2)
  })

  it('refuses an answer to nothing', async () => {
    const peer = await factory.createPeer()
    await expect(peer.acceptAnswer('v=0', chooseVp8)).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
    await peer.close()
  })
})

describe('hostile input', () => {
  it('answers every mangled offer with an answer or INVALID_SDP, and goes on', async () => {
    const viewer = await createViewer()
    viewers.push(viewer)
    const lines = (await viewer.offer()).split('\r\n')
    const mangle = fc.array(
      fc.record({
        at: fc.nat(lines.length - 1),
        with: fc.oneof(fc.constant(''), fc.string({ maxLength: 200 }), fc.constantFrom(...lines)),
      }),
      { minLength: 1, maxLength: 8 },
    )
    await fc.assert(
      fc.asyncProperty(mangle, async (changes) => {
        const copy = [...lines]
        for (const change of changes) copy[change.at] = change.with
        const peer = await factory.createPeer()
        try {
          const answer = await peer.acceptOffer(copy.join('\r\n'), chooseVp8)
          expect(answer.match(/^m=/gm)).toHaveLength(
            copy
              .join('\n')
              .split(/\r\n|\n|\r/)
              .filter((l) => l.startsWith('m=')).length,
          )
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_SDP' })
        } finally {
          await peer.close()
        }
      }),
      { numRuns: 60, seed: 7 },
    )
    expect(factory.openPeers).toBeLessThan(20)
  })

  it('drops packets of strangers at the shared port and counts them', async () => {
    const { received, outlet } = await connected()
    const [at] = factory.addresses
    const stranger = createSocket('udp4')
    const before = factory.dropped.unknownPackets
    const foreignCheck = Buffer.alloc(28)
    foreignCheck.set([0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42], 0)
    foreignCheck.set([0, 6, 0, 3, 0x61, 0x3a, 0x62, 0], 20)
    for (const packet of [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(1200, 0x80), foreignCheck])
      stranger.send(packet, at!.port, at!.address)
    await until(() => factory.dropped.unknownPackets === before + 4)
    stranger.close()
    outlet('video').send(packetOf(1, Uint8Array.from([1])))
    await until(() => received.length === 1)
  })

  it('takes no candidate that is none, and leaves alone those of other kinds', async () => {
    const { peer } = await connected()
    await expect(peer.addCandidate({ candidate: 'candidate:nonsense' })).rejects.toMatchObject({ code: 'INVALID_SDP' })
    await peer.addCandidate({ candidate: 'candidate:1 1 udp 1 abc.local 5000 typ host' })
    await peer.addCandidate({ candidate: 'candidate:1 1 tcp 1 127.0.0.1 9 typ host tcptype active' })
    await peer.addCandidate(null)
    expect(peer.connectionState).toBe('connected')
  })
})

describe('many peers', () => {
  it('connects forty on one socket and leaves nothing behind', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length
    const before = sockets()
    const own = await createFactory()
    for (let round = 0; round < 5; round++) {
      const pairs = await Promise.all(Array.from({ length: 8 }, () => connectPair(own)))
      expect(own.openPeers).toBe(8)
      await Promise.all(pairs.flatMap(({ peer, viewer }) => [peer.close(), viewer.close()]))
    }
    expect(own.openPeers).toBe(0)
    expect(own.addresses).toHaveLength(1)
    await own.close()
    await until(() => sockets() <= before)
  })

  it('gives each peer a socket of its own in a range', async () => {
    const first = await freeUdpPort()
    const udpPortRange = [first, Math.min(first + 200, 65_535)] as const
    const own = await createFactory({ udpPortRange })
    const { peer, viewer } = await connectPair(own)
    const other = await connectPair(own)
    const ports = [viewer, other.viewer].map((one) => Number(one.stats().candidatePair?.remote?.split(':').at(-1)))
    for (const port of ports) expect(port).toSatisfy((at: number) => at >= udpPortRange[0] && at <= udpPortRange[1])
    expect(ports[0]).not.toBe(ports[1])
    await Promise.all([peer.close(), viewer.close(), other.viewer.close()])
    await own.close()
  })
})
