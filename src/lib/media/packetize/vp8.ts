// VP8 over RTP (RFC 7741): one partition number, a 15-bit PictureID in every packet.
import type { Frame } from '../../model/frame.ts'
import { fragment, type Packetizer } from './packetizer.ts'

const descriptorBytes = 4

/** Descriptor: X, S on the first packet; I; two bytes of PictureID with the M bit set. */
function describe(buffer: Uint8Array, at: number, isFirst: boolean): void {
  buffer[at] = isFirst ? 0x90 : 0x80
  buffer[at + 1] = 0x80
  buffer[at + 2] = 0x80
  buffer[at + 3] = 0
}

export const vp8Packetizer: Packetizer = {
  codec: 'vp8',
  pictureIdOffset: 2,
  packetize: (frame: Frame) => fragment(frame.data, descriptorBytes, descriptorBytes, describe),
}
