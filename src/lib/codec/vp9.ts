// VP9 over RTP (RFC 9628): non-flexible mode, one layer, a 15-bit PictureID; key frames carry the picture size.
import type { Frame } from '../model/frame.ts'
import type { Track } from '../model/track.ts'
import { type Codec, type Fmtp, numberOf } from './codec.ts'
import { type Depacketizer, stripDescriptors } from './depacketizer.ts'
import { fragment, type Packetizer } from './packetizer.ts'
import { parseVp9Header } from './vp9-header.ts'

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

const packetizer: Packetizer = { codec: 'vp9', pictureIdOffset: 1, packetize }

/** Length of the payload descriptor (4.2), or -1 when the payload ends inside it. */
function headerLength(payload: Buffer): number {
  const flags = payload[0] ?? 0
  const isFlexible = (flags & 0x10) !== 0
  let at = 1
  if (flags & pictureId) at += (payload[at] ?? 0) & 0x80 ? 2 : 1
  if (flags & 0x20) at += isFlexible ? 1 : 2
  if (isFlexible && flags & interPredicted) for (let i = 0; i < 3 && (payload[at++] ?? 0) & 1; i++);
  if (flags & scalability) at = skipScalability(payload, at)
  return at < payload.length ? at : -1
}

/** The scalability structure: sizes of the layers and the picture group. */
function skipScalability(payload: Buffer, from: number): number {
  let at = from
  const head = payload[at++] ?? 0
  if (head & 0x10) at += 4 * ((head >> 5) + 1)
  if ((head & 0x08) === 0) return at
  const pictures = payload[at++] ?? 0
  for (let i = 0; i < pictures && at < payload.length; i++) at += 1 + (((payload[at] ?? 0) >> 2) & 3)
  return at
}

const depacketizer: Depacketizer = {
  isStart: (payload) => payload.length > 1 && (payload[0]! & begin) !== 0,
  join(payloads) {
    const data = stripDescriptors(payloads, headerLength)
    if (!data || !depacketizer.isStart(payloads[0]!)) return undefined
    return { data, isKey: (payloads[0]![0]! & interPredicted) === 0 }
  },
}

/** `vp09.PP.LL.DD…`: the profile carries bit depth and chroma (7.1: profile-id, 0 when absent). */
function fits({ codecString }: Track, offered: Fmtp): boolean {
  const match = /^vp09\.(\d\d)\.(\d\d)\.(\d\d)(?:\.(\d\d))?/.exec(codecString)
  const profile = match ? Number(match[1]) : codecString === 'vp9' ? 0 : Number.NaN
  if (profile !== numberOf(offered['profile-id'], 0)) return false
  const bitDepth = match ? Number(match[3]) : 8
  return profile < 2 ? bitDepth === 8 : bitDepth === 10 || bitDepth === 12
}

/** Hidden frames are no hindrance: a superframe carries hidden and shown frame as one, and decoders behind RTP take it so. */
export const vp9: Codec = {
  name: 'vp9',
  kind: 'video',
  rtpName: 'VP9',
  clockRate: 90_000,
  sends: { 'profile-id': '0' },
  receives: [{ 'profile-id': '0' }],
  codecString: 'vp09.00.10.08',
  containerName: 'vp9',
  files: ['.webm', '.mp4'],
  depacketizer,
  createPacketizer: () => packetizer,
  fits,
}
