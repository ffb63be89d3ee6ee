// What a viewer's RTCP says, put to the stream that it is about and told as events of the sending peer.
import type { Events } from '../../base/events.ts'
import { clockRateOf } from '../../model/track.ts'
import type { PeerEvents } from '../peer.ts'
import { parseRtcp, type ReportBlock, type RtcpPacket } from './rtcp.ts'
import type { Outlet } from './rtp-outlet.ts'
import type { SentPackets } from './sent-packets.ts'
import { parseTransportFeedback } from './transport-feedback.ts'

interface RtcpContext {
  readonly outlets: readonly Pick<Outlet, 'kind' | 'ssrc' | 'roundTripTimeS'>[]
  readonly sentPackets: SentPackets
  readonly events: Events<PeerEvents>
  /** When the compound came. */
  readonly nowMs: number
}

/** Takes a compound in the clear. What is about streams that are not ours says nothing. */
export function dispatchRtcp(compound: Buffer, context: RtcpContext): void {
  for (const packet of parseRtcp(compound)) dispatch(packet, context)
}

function dispatch(packet: RtcpPacket, { outlets, sentPackets, events, nowMs }: RtcpContext): void {
  const outletOf = (ssrc: number) => outlets.find((outlet) => outlet.ssrc === ssrc)
  switch (packet.type) {
    case 'transport-feedback': {
      const feedback = parseTransportFeedback(packet.body)
      if (feedback) events.emit('acked', sentPackets.acknowledge(feedback, nowMs))
      break
    }
    case 'remb':
      if (packet.ssrcs.some(outletOf)) events.emit('remb', packet.bitrateBps)
      break
    case 'picture-loss':
      if (packet.mediaSsrcs.some(outletOf)) events.emit('pictureLoss')
      break
    case 'nack': {
      const outlet = outletOf(packet.mediaSsrc)
      if (outlet) events.emit('nack', outlet.kind, packet.sequences)
      break
    }
    case 'sender-report':
    case 'receiver-report':
      for (const block of packet.blocks) {
        const outlet = outletOf(block.ssrc)
        if (outlet) tellReport(block, outlet, events)
      }
  }
}

function tellReport(block: ReportBlock, outlet: RtcpContext['outlets'][number], events: Events<PeerEvents>): void {
  const { kind } = outlet
  const { fractionLost, packetsLost, highestSequence, jitter } = block
  const roundTripTimeS = outlet.roundTripTimeS(block.lastSenderReport, block.delaySinceLastSenderReport)
  events.emit('receiverReport', {
    kind,
    fractionLost,
    packetsLost,
    highestSequence,
    jitterS: jitter / clockRateOf(kind),
    ...(roundTripTimeS === undefined ? {} : { roundTripTimeS }),
  })
}
