// Opus over RTP (RFC 7587): the packet is the payload.
import type { Packetizer } from './packetizer.ts'

export const opusPacketizer: Packetizer = {
  codec: 'opus',
  pictureIdOffset: -1,
  packetize: (frame) => (frame.data.length === 0 ? [] : [frame.data]),
}
