import { describe, expect, it } from 'vitest'
import { createPacer } from '../../../../src/lib/media/playback/pacer.ts'
import { videoRetransmission } from '../../../../src/lib/media/playback/retransmission-ring.ts'
import { RtpStream } from '../../../../src/lib/media/playback/rtp-stream.ts'
import type { OutgoingPacket } from '../../../../src/lib/model/frame.ts'

const payload = (byteLength: number) => new Uint8Array(byteLength)

function start({ takes = true, hasRtx = true } = {}) {
  const stream = new RtpStream({
    sequence: 0x7fff,
    pictureId: 0x7fff,
    pictureIdOffset: 2,
    retransmission: videoRetransmission,
  })
  const sent: OutgoingPacket[] = []
  const again: OutgoingPacket[] = []
  const connect = () =>
    stream.connect({
      send: (packet) => takes && sent.push({ ...packet }) > 0,
      retransmit: (packet) => hasRtx && again.push({ ...packet }) > 0,
    })
  const pacer = createPacer()
  pacer.begin(1000, 0)
  return { stream, sent, again, connect, pacer }
}

describe('an RTP stream', () => {
  it('numbers packets and pictures in a row and counts what it sends', () => {
    const { stream, sent, connect } = start()
    connect()
    stream.beginFrame(5, true, 300)
    stream.send(payload(100), false, 0)
    stream.send(payload(200), true, 0)
    stream.beginFrame(9, false, 50)
    stream.send(payload(50), true, 0)
    expect(sent.map(({ sequence, timestamp, marker, pictureId }) => [sequence, timestamp, marker, pictureId])).toEqual([
      [0x7fff, 5, false, 0x7fff],
      [0x8000, 5, true, 0x7fff],
      [0x8001, 9, true, 0],
    ])
    expect(stream.stats()).toMatchObject({ packetsSent: 3, bytesSent: 350, framesSent: 2, keyFramesSent: 1 })
  })

  it('counts as dropped what is sent before it is connected, and can send it again after', () => {
    const { stream, again, connect, pacer } = start()
    stream.beginFrame(5, true, 100)
    stream.send(payload(100), true, 0)
    expect(stream.stats()).toMatchObject({ packetsSent: 0, packetsDropped: 1 })
    connect()
    expect(stream.onNack([0x7fff], 1)).toBe(true)
    expect(stream.repair(pacer, 2)).toBe(true)
    expect(again.map(({ sequence }) => sequence)).toEqual([0x7fff])
  })

  it('leaves no gap in its numbers that hides a round of them, however long nothing is taken', () => {
    const { stream, sent } = start()
    let isTaken = true
    stream.connect({ send: (packet) => isTaken && sent.push({ ...packet }) > 0, retransmit: () => false })
    const send = (count: number) => {
      for (let i = 0; i < count; i++) stream.send(payload(1), true, 0)
    }
    send(1)
    isTaken = false
    send(40_000)
    isTaken = true
    send(2)
    expect(sent.map(({ sequence }) => sequence)).toEqual([0x7fff, 0xc000, 0xc001])
    expect(stream.stats()).toMatchObject({ packetsSent: 3, packetsDropped: 40_000 })
    expect(stream.onNack([0xbfff, 0xc000, 0xc002], 0)).toBe(true)
    expect(stream.ring.waiting).toBe(2)
  })

  it('sends again as far as the pacer lets it, and counts packets and bytes', () => {
    const { stream, again, connect, pacer } = start()
    connect()
    stream.beginFrame(5, true, 6000)
    for (let i = 0; i < 6; i++) stream.send(payload(1000), i === 5, 0)
    while (pacer.take(1000, 0));
    expect(stream.onNack([0x7fff, 0x8000, 0x8001, 0x8002], 1)).toBe(true)
    expect(stream.repair(pacer, 1)).toBe(false)
    const early = again.length
    expect(early).toBeLessThan(4)
    for (let nowMs = 2; !stream.repair(pacer, nowMs); nowMs += 2) expect(nowMs).toBeLessThan(20)
    expect(again.map(({ sequence }) => sequence)).toEqual([0x7fff, 0x8000, 0x8001, 0x8002])
    expect(stream.stats()).toMatchObject({
      nackCount: 1,
      retransmittedPacketsSent: 4,
      retransmittedBytesSent: 4000,
      packetsSent: 6,
    })
  })

  it('does not count what could not leave, and does not keep it in line', () => {
    const { stream, connect, pacer } = start({ hasRtx: false })
    connect()
    stream.beginFrame(5, true, 100)
    stream.send(payload(100), true, 0)
    stream.onNack([0x7fff, 0x1234], 1)
    expect(stream.repair(pacer, 2)).toBe(true)
    expect(stream.stats()).toMatchObject({ retransmittedPacketsSent: 0, retransmittedBytesSent: 0 })
    expect(stream.ring.waiting).toBe(0)
  })
})
