// Which packetizer a track needs, and whole GOPs at once: made into packets one time, for every viewer.
import { McpxError } from '../../base/errors.ts'
import type { Gop, PacketizedFrame, PacketizedGop } from '../../model/frame.ts'
import type { Track } from '../../model/track.ts'
import { createAv1Packetizer } from './av1.ts'
import { createH264Packetizer } from './h264.ts'
import { opusPacketizer } from './opus.ts'
import type { Packetizer } from './packetizer.ts'
import { vp8Packetizer } from './vp8.ts'
import { vp9Packetizer } from './vp9.ts'

export type { Packetizer } from './packetizer.ts'

/** Throws CODEC_UNSUPPORTED for a codec that RTP does not carry here, MEDIA_CORRUPT for a broken decoder configuration. */
export function createPacketizer(track: Pick<Track, 'codec' | 'description'>): Packetizer {
  switch (track.codec) {
    case 'vp8':
      return vp8Packetizer
    case 'vp9':
      return vp9Packetizer
    case 'av1':
      return createAv1Packetizer(track.description)
    case 'h264':
      return createH264Packetizer(track.description)
    case 'opus':
      return opusPacketizer
  }
  throw new McpxError('CODEC_UNSUPPORTED', `there is no RTP payload format here for ${track.codec}`)
}

/** Every frame of a GOP cut into payloads, which lie in one slab of their own: nothing of `gop` is kept alive. */
export function packetizeGop(gop: Gop, packetizer: Packetizer): PacketizedGop {
  const cut = gop.frames.map((frame) => packetizer.packetize(frame))
  let total = 0
  for (const payloads of cut) for (const payload of payloads) total += payload.length
  const slab = new Uint8Array(total)
  let at = 0
  const frames = gop.frames.map((frame, index): PacketizedFrame => {
    const start = at
    const payloads = cut[index]!.map((payload) => {
      slab.set(payload, at)
      at += payload.length
      return slab.subarray(at - payload.length, at)
    })
    return { timeS: frame.timeS, durationS: frame.durationS, isKey: frame.isKey, payloads, byteLength: at - start }
  })
  const { startS, endS, continues, isLast } = gop
  return { startS, endS, continues, isLast, byteLength: total, frames }
}
