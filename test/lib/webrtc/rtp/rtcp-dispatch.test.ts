import { expect, it } from 'vitest'
import { Events } from '../../../../src/lib/base/events.ts'
import type { PeerEvents } from '../../../../src/lib/webrtc/peer.ts'
import { writeNack, writePictureLoss, writeReceiverReport } from '../../../../src/lib/webrtc/rtp/rtcp.ts'
import { dispatchRtcp } from '../../../../src/lib/webrtc/rtp/rtcp-dispatch.ts'
import { SentPackets } from '../../../../src/lib/webrtc/rtp/sent-packets.ts'
import { writeTransportFeedback } from '../../../../src/lib/webrtc/rtp/transport-feedback.ts'

const names = ['acked', 'remb', 'pictureLoss', 'nack', 'receiverReport'] as const

function told(...packets: Buffer[]) {
  const events = new Events<PeerEvents>((error) => {
    throw error
  })
  const seen: unknown[][] = []
  for (const name of names) events.on(name, (...args: unknown[]) => seen.push([name, ...args]))
  const sentPackets = new SentPackets()
  sentPackets.next()
  sentPackets.sent('media', 1200, 5)
  const outlets = [
    { kind: 'video' as const, ssrc: 1, roundTripTimeS: (report: number) => (report > 0 ? 0.25 : undefined) },
    { kind: 'audio' as const, ssrc: 2, roundTripTimeS: () => undefined },
  ]
  dispatchRtcp(Buffer.concat(packets), { outlets, sentPackets, events, nowMs: 100 })
  return seen
}

const block = (ssrc: number, lastSenderReport = 0) => ({
  ssrc,
  fractionLost: 0.5,
  packetsLost: 3,
  highestSequence: 9,
  jitter: 4800,
  lastSenderReport,
  delaySinceLastSenderReport: 0,
})
const remb = (ssrc: number) => {
  const packet = Buffer.from('8fce00050000000900000000524d454201000064000000ff', 'hex')
  packet.write('REMB', 12, 'latin1')
  packet.writeUInt32BE(ssrc, 20)
  return packet
}

it('puts each report, request and feedback to the stream it is about', () => {
  const feedback = writeTransportFeedback(
    { senderSsrc: 9, mediaSsrc: 1, feedbackCount: 0 },
    { baseSequence: 0, receivedAtMs: [64] },
  )
  const report = { fractionLost: 0.5, packetsLost: 3, highestSequence: 9 }
  expect(
    told(
      writeReceiverReport(9, [block(1, 77), block(2)]),
      writeNack(9, 1, [4]),
      writePictureLoss(9, 1),
      remb(2),
      feedback,
    ),
  ).toEqual([
    ['receiverReport', { kind: 'video', ...report, jitterS: 4800 / 90_000, roundTripTimeS: 0.25 }],
    ['receiverReport', { kind: 'audio', ...report, jitterS: 0.1 }],
    ['nack', 'video', [4]],
    ['pictureLoss'],
    ['remb', 100],
    ['acked', expect.objectContaining({ atMs: 100, packets: [expect.objectContaining({ byteLength: 1200 })] })],
  ])
})

it('says nothing of streams that are not ours, nor of what cannot be read', () => {
  const broken = writeTransportFeedback(
    { senderSsrc: 9, mediaSsrc: 1, feedbackCount: 0 },
    { baseSequence: 0, receivedAtMs: [64] },
  )
  broken.writeUInt16BE(0, 14)
  expect(
    told(writeReceiverReport(9, [block(3)]), writeNack(9, 3, [4]), writePictureLoss(9, 3), remb(3), broken),
  ).toEqual([])
})
