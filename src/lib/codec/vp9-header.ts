// The first fields of a VP9 frame (VP9 bitstream specification 6.2, 7.2): what RTP and passthrough need to know.
import { BitReader } from './bits.ts'

interface Vp9Header {
  readonly profile: number
  readonly isKey: boolean
  readonly isShown: boolean
  /** Of key frames. */
  readonly size?: { readonly width: number; readonly height: number }
}

const syncCode = 0x498342
const colorSpaceRgb = 7

/** Reads the uncompressed header of the first frame of a packet. Never throws; garbage reads as an inter frame. */
export function parseVp9Header(data: Uint8Array): Vp9Header {
  const bits = new BitReader(data)
  bits.read(2) // frame_marker
  const profile = bits.read(1) + bits.read(1) * 2
  if (profile === 3) bits.read(1)
  if (bits.flag()) return { profile, isKey: false, isShown: true } // show_existing_frame
  const isKey = !bits.flag()
  const isShown = bits.flag()
  bits.read(1) // error_resilient_mode
  if (!isKey) return { profile, isKey, isShown }
  if (bits.read(24) !== syncCode) return { profile, isKey: false, isShown }
  if (profile >= 2) bits.read(1) // bit depth 10 or 12
  skipColorFormat(bits, profile)
  const width = bits.read(16) + 1
  const height = bits.read(16) + 1
  return bits.isPastEnd ? { profile, isKey, isShown } : { profile, isKey, isShown, size: { width, height } }
}

function skipColorFormat(bits: BitReader, profile: number): void {
  const hasSubsampling = profile === 1 || profile === 3
  if (bits.read(3) !== colorSpaceRgb) {
    bits.read(1) // color_range
    if (hasSubsampling) bits.read(3)
  } else if (hasSubsampling) bits.read(1)
}
