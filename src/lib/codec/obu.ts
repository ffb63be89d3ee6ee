// AV1 as a sequence of OBUs (AV1 specification 5.3): the low-overhead format of containers.
import { McpxError } from '../base/errors.ts'

export const obuTypes = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const

/** One OBU: its header bytes (1, or 2 with an extension) as they stand, and its payload. */
export interface Obu {
  readonly type: number
  readonly header: number
  readonly extension: number | undefined
  readonly payload: Uint8Array
}

const hasExtension = 0x04
const hasSize = 0x02
const corrupt = (what: string) => new McpxError('MEDIA_CORRUPT', `AV1: ${what}`)

/** Splits a temporal unit, or the configuration OBUs of an av1C. Throws MEDIA_CORRUPT. */
export function splitObus(data: Uint8Array): Obu[] {
  const obus: Obu[] = []
  let at = 0
  while (at < data.length) {
    const header = data[at++]!
    if (header & 0x80) throw corrupt('an OBU header with its forbidden bit set')
    const extension = header & hasExtension ? data[at++] : undefined
    let size = data.length - at
    if (header & hasSize) {
      const field = readLeb128(data, at)
      if (!field) throw corrupt('a cut-off or endless leb128')
      size = field.value
      at += field.length
    }
    if (at + size > data.length) throw corrupt(`an OBU of ${size} bytes where ${data.length - at} are left`)
    obus.push({ type: obuTypeOf(header), header, extension, payload: data.subarray(at, at + size) })
    at += size
  }
  return obus
}

/** The number at `offset` and the bytes it takes (AV1 specification 4.10.5); undefined when it is cut off or longer than 8. */
export function readLeb128(data: Uint8Array, offset: number): { value: number; length: number } | undefined {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = data[offset + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (!(byte & 0x80)) return { value, length: i + 1 }
  }
  return undefined
}

/** Writes a number below 2^31 in as few bytes as it takes; returns where it ends. */
export function writeLeb128(buffer: Uint8Array, offset: number, value: number): number {
  let at = offset
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80
  buffer[at++] = rest
  return at
}

/** How many bytes `writeLeb128` takes. */
export function leb128Bytes(value: number): number {
  let bytes = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}

/** Bytes of the header of an OBU that begins so: one, or two with an extension. */
const headerBytes = (header: number): number => (header & hasExtension ? 2 : 1)

export const obuTypeOf = (header: number): number => (header >> 3) & 15

/** An OBU without its size field, as RTP carries it. */
export function withoutSize({ header, extension, payload }: Obu): Uint8Array {
  const bytes = headerBytes(header)
  const obu = new Uint8Array(bytes + payload.length)
  obu[0] = header & ~hasSize
  if (extension !== undefined) obu[1] = extension
  obu.set(payload, bytes)
  return obu
}

/** An OBU with its size field put in, unless it is there already, as containers hold it. */
export function withSize(obu: Buffer): Buffer {
  const header = obu[0]!
  if (header & hasSize) return obu
  const bytes = Math.min(headerBytes(header), obu.length)
  const size = obu.length - bytes
  const sized = Buffer.alloc(bytes + leb128Bytes(size) + size)
  obu.copy(sized, 0, 0, bytes)
  sized[0] = header | hasSize
  obu.copy(sized, writeLeb128(sized, bytes, size), bytes)
  return sized
}

/** The configuration OBUs of an av1C record (after its 4 bytes); none when there is no such record. */
export function configurationObus(record: Uint8Array | undefined): Obu[] {
  return record && record.length > 4 && record[0] === 0x81 ? splitObus(record.subarray(4)) : []
}
