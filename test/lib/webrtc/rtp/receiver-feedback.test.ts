import { describe, expect, it } from 'vitest'
import { ReceiveStream } from '../../../../src/lib/webrtc/rtp/receive-stream.ts'
import { ReceiverFeedback } from '../../../../src/lib/webrtc/rtp/receiver-feedback.ts'
import { parseRtcp, type RtcpPacket } from '../../../../src/lib/webrtc/rtp/rtcp.ts'
import { notReceived, parseTransportFeedback } from '../../../../src/lib/webrtc/rtp/transport-feedback.ts'

function start({ canSend = true, roundTripTimeS = 0 } = {}) {
  const streams: { video?: ReceiveStream; audio?: ReceiveStream } = { video: new ReceiveStream(7, 90_000) }
  const sent: RtcpPacket[] = []
  const feedback = new ReceiverFeedback({
    ssrc: 1,
    streams,
    send: (compound) => {
      if (canSend) sent.push(...parseRtcp(compound))
      return canSend
    },
    roundTripTimeS: () => roundTripTimeS,
  })
  const receive = (sequence: number, nowMs: number) => {
    const packet = { payloadType: 98, marker: true, sequence, timestamp: sequence * 3000, ssrc: 7, headerLength: 20 }
    streams.video!.add({ ...packet, transportSequence: sequence }, 1000, nowMs)
    feedback.noteArrival(sequence, nowMs)
  }
  const of = <T extends RtcpPacket['type']>(type: T) =>
    sent.filter((packet): packet is Extract<RtcpPacket, { type: T }> => packet.type === type)
  return { streams, feedback, sent, receive, of }
}

describe('a receiver', () => {
  it('asks for what it misses at the next tick, and again after one and a half round trips', () => {
    const { feedback, receive, of } = start({ roundTripTimeS: 0.1 })
    receive(1, 1000)
    receive(4, 1010)
    feedback.tick(1020)
    expect(of('nack')).toEqual([{ type: 'nack', mediaSsrc: 7, sequences: [2, 3] }])
    feedback.tick(1160)
    expect(of('nack')).toHaveLength(1)
    feedback.tick(1170)
    expect(of('nack')).toHaveLength(2)
    expect(feedback.sent.nacks).toBe(2)
  })

  it('asks for a key frame at most twice a second, and when it has given up on a packet', () => {
    const { feedback, receive, of } = start()
    feedback.requestKeyFrame()
    for (let nowMs = 1000; nowMs < 2000; nowMs += 20) {
      feedback.tick(nowMs)
      feedback.requestKeyFrame()
    }
    expect(of('picture-loss')).toEqual(Array(2).fill({ type: 'picture-loss', mediaSsrcs: [7] }))
    const other = start()
    receive(1, 0)
    other.receive(1, 1000)
    other.receive(3, 1000)
    for (let nowMs = 1000; nowMs < 2500; nowMs += 20) other.feedback.tick(nowMs)
    expect(other.feedback.sent.pictureLoss).toBe(1)
  })

  it('reports every half second of each stream', () => {
    const { streams, feedback, receive, of } = start()
    receive(1, 1000)
    streams.audio = new ReceiveStream(8, 48_000)
    for (let nowMs = 1000; nowMs <= 2000; nowMs += 20) feedback.tick(nowMs)
    const blocks = of('receiver-report').map((report) => report.blocks.map(({ ssrc }) => ssrc))
    expect(blocks).toEqual([
      [7, 8],
      [7, 8],
      [7, 8],
    ])
    expect(feedback.sent.reports).toBe(3)
  })

  it('says every 60 ms how packets arrived, with a count, or as soon as there are too many to keep', () => {
    const { feedback, receive, of } = start()
    receive(10, 1000)
    receive(12, 1005)
    feedback.tick(1060)
    feedback.tick(1100)
    receive(13, 1110)
    feedback.tick(1120)
    const read = () => of('transport-feedback').map(({ body }) => parseTransportFeedback(body)!)
    expect(read().map(({ baseSequence, feedbackCount }) => [baseSequence, feedbackCount])).toEqual([
      [10, 0],
      [13, 1],
    ])
    const [first] = read()
    expect(first!.arrivals.map((at) => (at === notReceived ? 'lost' : first!.referenceTime * 64 + at / 4))).toEqual([
      1000,
      'lost',
      1005,
    ])
    for (let i = 0; i < 2049; i++) feedback.noteArrival(14 + i, 1121)
    expect(feedback.sent.feedback).toBe(3)
  })

  it('counts nothing that could not leave', () => {
    const { feedback, receive, sent } = start({ canSend: false })
    receive(1, 1000)
    receive(4, 1000)
    feedback.requestKeyFrame()
    for (let nowMs = 1000; nowMs < 2000; nowMs += 20) feedback.tick(nowMs)
    expect(sent).toEqual([])
    expect(feedback.sent).toEqual({ nacks: 0, pictureLoss: 0, reports: 0, feedback: 0 })
  })
})
