// Opus over RTP (RFC 7587): the packet is the payload.
import type { Codec } from './codec.ts'
import type { Depacketizer } from './depacketizer.ts'
import { opusDurationS } from './opus-toc.ts'
import type { Packetizer } from './packetizer.ts'

const packetizer: Packetizer = {
  codec: 'opus',
  pictureIdOffset: -1,
  packetize: (frame) => (frame.data.length === 0 ? [] : [frame.data]),
}

const depacketizer: Depacketizer = {
  isStart: () => true,
  join: (payloads) => (payloads[0]?.length ? { data: payloads[0], isKey: true } : undefined),
}

const fmtp = { minptime: '10', useinbandfec: '1' }

export const opus: Codec = {
  name: 'opus',
  kind: 'audio',
  rtpName: 'opus',
  clockRate: 48_000,
  sends: fmtp,
  receives: [{ ...fmtp, stereo: '1' }],
  codecString: 'opus',
  containerName: 'opus',
  files: ['.webm', '.mp4'],
  depacketizer,
  createPacketizer: () => packetizer,
  // RTP's mapping has no more than two channels.
  fits: ({ channels }) => channels === 1 || channels === 2,
  packetDurationS: opusDurationS,
}
