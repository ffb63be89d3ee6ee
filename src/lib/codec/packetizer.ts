// What every packetizer is, and the cutting that they share.
import type { Frame } from '../model/frame.ts'
import type { RtpCodec } from '../model/track.ts'

/** Bytes of an RTP payload at most: leaves room for headers, extensions, SRTP and RTX in a 1280-byte IPv6 packet. */
export const maxPayloadBytes = 1180

/** Cuts frames of one track into RTP payloads. Pure: the same frame always gives the same payloads. */
export interface Packetizer {
  readonly codec: RtpCodec
  /** Byte offset in each payload of the 15-bit PictureID, which the sender fills in for each viewer; -1 without one. */
  readonly pictureIdOffset: number
  /**
   * Payloads of at most `maxPayloadBytes` in order; the last one carries the marker bit (video). They share one buffer that
   * belongs to them, or are views of `frame.data` where nothing had to be put in front. Empty when nothing is to be sent.
   * Throws MEDIA_CORRUPT when the frame is not what its codec says.
   */
  packetize(frame: Frame): Uint8Array[]
}

/**
 * Cuts `data` into pieces of nearly equal size with room for a descriptor before each, all in one buffer. Equal pieces lose
 * less to a burst than full ones and a crumb. `describe` writes the descriptor and returns its length, which is
 * `firstHeader` for the first piece and `header` for the others.
 */
export function fragment(
  data: Uint8Array,
  firstHeader: number,
  header: number,
  describe: (buffer: Uint8Array, at: number, isFirst: boolean, isLast: boolean) => void,
): Uint8Array[] {
  if (data.length === 0) return []
  const count = Math.max(1, Math.ceil((data.length + firstHeader - header) / (maxPayloadBytes - header)))
  const slab = new Uint8Array(data.length + firstHeader + (count - 1) * header)
  const share = Math.ceil((data.length + firstHeader - header) / count)
  const payloads: Uint8Array[] = []
  let from = 0
  let at = 0
  while (from < data.length) {
    const isFirst = from === 0
    const own = isFirst ? firstHeader : header
    const end = Math.min(data.length, from + share + header - own)
    describe(slab, at, isFirst, end === data.length)
    slab.set(data.subarray(from, end), at + own)
    payloads.push(slab.subarray(at, at + own + end - from))
    at += own + end - from
    from = end
  }
  return payloads
}
