// VP8 over RTP (RFC 7741): one partition number, a 15-bit PictureID in every packet.
import type { Frame } from '../model/frame.ts'
import type { Codec } from './codec.ts'
import { type Depacketizer, stripDescriptors } from './depacketizer.ts'
import { fragment, type Packetizer } from './packetizer.ts'

const descriptorBytes = 4

/** Descriptor: X, S on the first packet; I; two bytes of PictureID with the M bit set. */
function describe(buffer: Uint8Array, at: number, isFirst: boolean): void {
  buffer[at] = isFirst ? 0x90 : 0x80
  buffer[at + 1] = 0x80
  buffer[at + 2] = 0x80
  buffer[at + 3] = 0
}

const packetizer: Packetizer = {
  codec: 'vp8',
  pictureIdOffset: 2,
  packetize: (frame: Frame) => fragment(frame.data, descriptorBytes, descriptorBytes, describe),
}

/** Length of the payload descriptor (4.2), or -1 when the payload ends inside it. */
function headerLength(payload: Buffer): number {
  if (payload.length < 2) return -1
  let at = 1
  if (payload[0]! & 0x80) {
    const flags = payload[at++]!
    if (flags & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1
    if (flags & 0x40) at++
    if (flags & 0x30) at++
  }
  return at < payload.length ? at : -1
}

const depacketizer: Depacketizer = {
  isStart: (payload) => payload.length > 1 && (payload[0]! & 0x17) === 0x10,
  join(payloads) {
    const data = stripDescriptors(payloads, headerLength)
    if (!data || !depacketizer.isStart(payloads[0]!)) return undefined
    return { data, isKey: (data[0]! & 1) === 0 }
  },
}

export const vp8: Codec = {
  name: 'vp8',
  kind: 'video',
  rtpName: 'VP8',
  clockRate: 90_000,
  sends: {},
  receives: [{}],
  codecString: 'vp8',
  containerName: 'vp8',
  files: ['.webm'],
  depacketizer,
  createPacketizer: () => packetizer,
  fits: () => true,
  hidesFrames: (data) => data.length > 0 && (data[0]! & 0x10) === 0, // show_frame (RFC 6386 9.1)
}
