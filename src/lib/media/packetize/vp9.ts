// VP9 over RTP (RFC 9628): non-flexible mode, one layer, a 15-bit PictureID; key frames carry the picture size.
import type { Frame } from '../../model/frame.ts'
import { parseVp9Header } from '../vp9-header.ts'
import { fragment, type Packetizer } from './packetizer.ts'

const pictureId = 0x80
const interPredicted = 0x40
const begin = 0x08
const end = 0x04
const scalability = 0x02
const descriptorBytes = 3
const structureBytes = 5

/** A superframe (hidden frames and the shown one after them) goes out as one frame, as libvpx makes and takes it. */
function packetize(frame: Frame): Uint8Array[] {
  if (frame.data.length === 0) return []
  const header = parseVp9Header(frame.data)
  const size = header.isKey ? header.size : undefined
  const flags = pictureId | (header.isKey ? 0 : interPredicted)
  const firstBytes = size ? descriptorBytes + structureBytes : descriptorBytes
  return fragment(frame.data, firstBytes, descriptorBytes, (buffer, at, isFirst, isLast) => {
    const hasStructure = isFirst && size !== undefined
    buffer[at] = flags | (isFirst ? begin : 0) | (isLast ? end : 0) | (hasStructure ? scalability : 0)
    buffer[at + 1] = 0x80
    buffer[at + 2] = 0
    if (!hasStructure) return
    buffer[at + 3] = 0x10 // N_S = 0 (one spatial layer), Y = 1 (its size follows), G = 0
    buffer[at + 4] = size.width >> 8
    buffer[at + 5] = size.width
    buffer[at + 6] = size.height >> 8
    buffer[at + 7] = size.height
  })
}

export const vp9Packetizer: Packetizer = { codec: 'vp9', pictureIdOffset: 1, packetize }
