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
      size = field.value
      at += field.length
    }
    if (at + size > data.length) throw corrupt(`an OBU of ${size} bytes where ${data.length - at} are left`)
    obus.push({ type: (header >> 3) & 15, header, extension, payload: data.subarray(at, at + size) })
    at += size
  }
  return obus
}

function readLeb128(data: Uint8Array, offset: number): { value: number; length: number } {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = data[offset + i]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (!(byte & 0x80)) return { value, length: i + 1 }
  }
  throw corrupt('a cut-off or endless leb128')
}

/** The configuration OBUs of an av1C record (after its 4 bytes); none when there is no such record. */
export function configurationObus(record: Uint8Array | undefined): Obu[] {
  return record && record.length > 4 && record[0] === 0x81 ? splitObus(record.subarray(4)) : []
}
