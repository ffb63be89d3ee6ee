// RTP payloads of one frame → the frame as its codec's elementary stream. Every payload is hostile: what does not fit its
// format gives undefined.
import type { RtpCodec } from '../model/track.ts'

/** What one payload says of its place in a frame. */
export interface PayloadInfo {
  /** False when the payload surely continues a frame. */
  readonly canStart: boolean
  readonly isKey: boolean
}

export interface Depacketizer {
  inspect(payload: Uint8Array): PayloadInfo | undefined
  /** All payloads of a frame, in order and without a gap. */
  join(payloads: readonly Uint8Array[]): Uint8Array | undefined
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    data.set(part, at)
    at += part.length
  }
  return data
}

/** Cuts a descriptor of `lengthOf(payload)` bytes off each payload. */
function joinAfter(lengthOf: (payload: Uint8Array) => number | undefined) {
  return (payloads: readonly Uint8Array[]): Uint8Array | undefined => {
    const parts: Uint8Array[] = []
    for (const payload of payloads) {
      const length = lengthOf(payload)
      if (length === undefined) return undefined
      parts.push(payload.subarray(length))
    }
    return concat(parts)
  }
}

/** RFC 7741 4.2; undefined when the payload is too short for what it says. */
function vp8DescriptorLength(payload: Uint8Array): number | undefined {
  let length = 1
  if (payload[0]! & 0x80) {
    const extension = payload[1] ?? 0
    length = 2
    if (extension & 0x80) length += (payload[length] ?? 0) & 0x80 ? 2 : 1
    if (extension & 0x40) length++
    if (extension & 0x30) length++
  }
  return payload.length > length ? length : undefined
}

const vp8: Depacketizer = {
  inspect(payload) {
    const length = vp8DescriptorLength(payload)
    if (length === undefined) return undefined
    const canStart = (payload[0]! & 0x17) === 0x10
    return { canStart, isKey: canStart && (payload[length]! & 1) === 0 }
  },
  join: joinAfter(vp8DescriptorLength),
}

/** RFC 9628 4.2. */
function vp9DescriptorLength(payload: Uint8Array): number | undefined {
  const flags = payload[0] ?? 0
  let length = 1
  if (flags & 0x80) length += (payload[length] ?? 0) & 0x80 ? 2 : 1
  if (flags & 0x20) length += flags & 0x10 ? 1 : 2
  if ((flags & 0x50) === 0x50) {
    for (let i = 0; i < 3; i++) if (((payload[length++] ?? 0) & 1) === 0) break
  }
  if (flags & 0x02) length += vp9StructureLength(payload, length)
  return payload.length > length ? length : undefined
}

function vp9StructureLength(payload: Uint8Array, start: number): number {
  const head = payload[start] ?? 0
  let length = 1 + (head & 0x10 ? 4 * ((head >> 5) + 1) : 0)
  if (head & 0x08) {
    const pictures = payload[start + length++] ?? 0
    for (let i = 0; i < pictures; i++) length += 1 + (((payload[start + length] ?? 0) >> 2) & 3)
  }
  return length
}

const vp9: Depacketizer = {
  inspect(payload) {
    if (vp9DescriptorLength(payload) === undefined) return undefined
    const canStart = (payload[0]! & 0x08) !== 0
    return { canStart, isKey: canStart && (payload[0]! & 0x40) === 0 }
  },
  join: joinAfter(vp9DescriptorLength),
}

const startCode = Uint8Array.of(0, 0, 0, 1)

/** The NAL units of a STAP-A (RFC 6184 5.7.1). */
function stapUnits(payload: Uint8Array): Uint8Array[] | undefined {
  const units: Uint8Array[] = []
  for (let at = 1; at < payload.length; ) {
    const length = (payload[at]! << 8) | (payload[at + 1] ?? 0)
    at += 2
    if (length === 0 || at + length > payload.length) return undefined
    units.push(payload.subarray(at, at + length))
    at += length
  }
  return units
}

/** RFC 6184: single NAL units, STAP-A and FU-A to Annex B. */
const h264: Depacketizer = {
  inspect(payload) {
    if (payload.length < 2) return undefined
    const type = payload[0]! & 31
    if (type === 28) {
      const isStart = (payload[1]! & 0x80) !== 0
      return { canStart: isStart, isKey: isStart && (payload[1]! & 31) === 5 }
    }
    const types = type === 24 ? stapUnits(payload)?.map((unit) => unit[0]! & 31) : [type]
    return types && { canStart: true, isKey: types.some((t) => t === 5 || t === 7) }
  },
  join(payloads) {
    const parts: Uint8Array[] = []
    for (const payload of payloads) {
      const type = payload[0]! & 31
      if (type === 24) {
        const units = stapUnits(payload)
        if (!units) return undefined
        for (const unit of units) parts.push(startCode, unit)
      } else if (type === 28) {
        if (payload[1]! & 0x80) parts.push(startCode, Uint8Array.of((payload[0]! & 0xe0) | (payload[1]! & 31)))
        parts.push(payload.subarray(2))
      } else if (type >= 1 && type <= 23) {
        parts.push(startCode, payload)
      } else return undefined
    }
    return concat(parts)
  },
}

/** Little-endian base 128 (AV1 4.10.5), at most 32 bits. */
function readLeb128(data: Uint8Array, at: number): { value: number; length: number } | undefined {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = data[at + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (!(byte & 0x80)) return { value, length: i + 1 }
  }
  return undefined
}

function writeLeb128(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return Uint8Array.from(bytes)
}

/** The OBU elements of one payload (AV1 RTP 4.4): W says how many there are, 0 that each has a length. */
function av1Elements(payload: Uint8Array): Uint8Array[] | undefined {
  const count = (payload[0]! >> 4) & 3
  const elements: Uint8Array[] = []
  for (let at = 1; at < payload.length; ) {
    const isLast = count > 0 && elements.length === count - 1
    const size = isLast ? { value: payload.length - at, length: 0 } : readLeb128(payload, at)
    if (!size || at + size.length + size.value > payload.length) return undefined
    at += size.length
    elements.push(payload.subarray(at, at + size.value))
    at += size.value
  }
  return elements
}

/** An OBU without a size field gets one, as the low-overhead format of files wants it. */
function withSize(obu: Uint8Array): Uint8Array[] {
  if (obu.length === 0 || obu[0]! & 0x02) return [obu]
  const headerLength = obu[0]! & 0x04 ? 2 : 1
  const header = obu.slice(0, headerLength)
  header[0]! |= 0x02
  return [header, writeLeb128(obu.length - headerLength), obu.subarray(headerLength)]
}

const av1: Depacketizer = {
  inspect(payload) {
    if (payload.length < 2) return undefined
    const canStart = (payload[0]! & 0x80) === 0
    return { canStart, isKey: canStart && (payload[0]! & 0x08) !== 0 }
  },
  join(payloads) {
    const obus: Uint8Array[] = []
    let goesOn = false
    for (const payload of payloads) {
      const elements = av1Elements(payload)
      if (!elements || (payload[0]! & 0x80) !== (goesOn ? 0x80 : 0)) return undefined
      for (const [i, element] of elements.entries()) {
        if (i === 0 && goesOn) obus.push(concat([obus.pop()!, element]))
        else obus.push(element)
      }
      goesOn = (payload[0]! & 0x40) !== 0
    }
    return goesOn ? undefined : concat(obus.flatMap(withSize))
  },
}

/** One packet is one frame (RFC 7587). */
const opus: Depacketizer = {
  inspect: (payload) => (payload.length > 0 ? { canStart: true, isKey: true } : undefined),
  join: (payloads) => (payloads.length === 1 ? payloads[0] : undefined),
}

export const depacketizers: Readonly<Record<RtpCodec, Depacketizer>> = { vp8, vp9, h264, av1, opus }
