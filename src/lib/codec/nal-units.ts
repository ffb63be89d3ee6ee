// H.264 as containers keep it: the decoder configuration record and the NAL units of a sample (ISO/IEC 14496-15, H.264 annex B).
import { McpxError } from '../base/errors.ts'

export const nalTypes = {
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  aud: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
} as const

export const nalTypeOf = (nal: Uint8Array): number => nal[0]! & 0x1f

export interface AvcConfiguration {
  /** Bytes of the length before each NAL unit of a sample: 1, 2 or 4. */
  readonly lengthSize: number
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

const corrupt = (what: string) => new McpxError('MEDIA_CORRUPT', `H.264: ${what}`)

/** avcC → lengths and parameter sets. Throws MEDIA_CORRUPT. */
export function parseAvcConfiguration(record: Uint8Array): AvcConfiguration {
  if (record.length < 7 || record[0] !== 1) throw corrupt('the decoder configuration is not an avcC record')
  const lengthSize = (record[4]! & 3) + 1
  if (lengthSize === 3) throw corrupt('NAL unit lengths of 3 bytes')
  let at = 6
  const take = (count: number) => {
    const sets: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const size = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0)
      const end = at + 2 + size
      if (end > record.length) throw corrupt('a parameter set is cut off in the decoder configuration')
      if (size > 0) sets.push(record.subarray(at + 2, end))
      at = end
    }
    return sets
  }
  const sps = take(record[5]! & 0x1f)
  const pps = take(record[at++] ?? 0)
  return { lengthSize, sps, pps }
}

/** NAL units of a sample whose units are preceded by their length. Throws MEDIA_CORRUPT when one is cut off. */
export function splitLengthPrefixed(sample: Uint8Array, lengthSize: number): Uint8Array[] {
  const nals: Uint8Array[] = []
  let at = 0
  while (at + lengthSize <= sample.length) {
    let size = 0
    for (let i = 0; i < lengthSize; i++) size = size * 256 + sample[at + i]!
    at += lengthSize
    if (at + size > sample.length) throw corrupt(`a NAL unit of ${size} bytes where ${sample.length - at} are left`)
    if (size > 0) nals.push(sample.subarray(at, at + size))
    at += size
  }
  if (at !== sample.length) throw corrupt('bytes after the last NAL unit')
  return nals
}

/** NAL units between start codes (00 00 01), without the zeros before and after. Bytes before the first code are dropped. */
export function splitAnnexB(sample: Uint8Array): Uint8Array[] {
  const nals: Uint8Array[] = []
  let start = -1
  let at = 0
  while (at + 2 < sample.length) {
    if (sample[at + 2]! > 1) at += 3
    else if (sample[at] === 0 && sample[at + 1] === 0 && sample[at + 2] === 1) {
      if (start >= 0) pushTrimmed(nals, sample, start, at)
      start = at + 3
      at += 3
    } else at++
  }
  if (start >= 0) pushTrimmed(nals, sample, start, sample.length)
  return nals
}

/** A NAL unit never ends in a zero byte (H.264 7.4.1): zeros there belong to the next start code. */
function pushTrimmed(nals: Uint8Array[], sample: Uint8Array, start: number, end: number): void {
  let last = end
  while (last > start && sample[last - 1] === 0) last--
  if (last > start) nals.push(sample.subarray(start, last))
}
