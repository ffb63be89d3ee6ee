// RTP payloads back into frames: VP8 (RFC 7741), VP9 (RFC 9628), AV1 (AOM RTP), H.264 (RFC 6184), Opus (RFC 7587).
import type { RtpCodec } from '../model/track.ts'

export interface Depacketizer {
  /** Whether this payload says that a frame begins with it, so that what was lost before it does not matter. */
  isStart(payload: Buffer): boolean
  /** The frame of a complete run of payloads; undefined when they make no sense together. */
  join(payloads: readonly Buffer[]): { data: Buffer; isKey: boolean } | undefined
}

const opus: Depacketizer = {
  isStart: () => true,
  join: (payloads) => (payloads[0]?.length ? { data: payloads[0], isKey: true } : undefined),
}

/** Length of the VP8 payload descriptor (RFC 7741 4.2), or -1 when the payload ends inside it. */
function vp8HeaderLength(payload: Buffer): number {
  if (payload.length < 2) return -1
  let at = 1
  if (payload[0]! & 0x80) {
    const flags = payload[at++]!
    if (flags & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1
    if (flags & 0x40) at++
    if (flags & 0x30) at++
  }
  return at < payload.length ? at : -1
}

const vp8: Depacketizer = {
  isStart: (payload) => payload.length > 1 && (payload[0]! & 0x17) === 0x10,
  join(payloads) {
    const bodies = payloads.map((payload) => strip(payload, vp8HeaderLength(payload)))
    const [first] = bodies
    if (!first || bodies.includes(undefined) || !vp8.isStart(payloads[0]!)) return undefined
    return { data: Buffer.concat(bodies as Buffer[]), isKey: (first[0]! & 1) === 0 }
  },
}

/** Length of the VP9 payload descriptor (RFC 9628 4.2). */
function vp9HeaderLength(payload: Buffer): number {
  const flags = payload[0] ?? 0
  const isFlexible = (flags & 0x10) !== 0
  let at = 1
  if (flags & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1
  if (flags & 0x20) at += isFlexible ? 1 : 2
  if (isFlexible && flags & 0x40) for (let i = 0; i < 3 && (payload[at++] ?? 0) & 1; i++);
  if (flags & 0x02) at = skipScalability(payload, at)
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

const vp9: Depacketizer = {
  isStart: (payload) => payload.length > 1 && (payload[0]! & 0x08) !== 0,
  join(payloads) {
    const bodies = payloads.map((payload) => strip(payload, vp9HeaderLength(payload)))
    if (bodies.length === 0 || bodies.includes(undefined) || !vp9.isStart(payloads[0]!)) return undefined
    return { data: Buffer.concat(bodies as Buffer[]), isKey: (payloads[0]![0]! & 0x40) === 0 }
  },
}

function strip(payload: Buffer, length: number): Buffer | undefined {
  return length < 0 ? undefined : payload.subarray(length)
}

const startCode = Buffer.from([0, 0, 0, 1])
const stapA = 24
const fuA = 28

/** Frames come out as Annex B. */
const h264: Depacketizer = {
  isStart(payload) {
    const type = (payload[0] ?? 0) & 31
    if (type === stapA || (type >= 6 && type <= 9)) return true
    // first_mb_in_slice is 0 when its Exp-Golomb code is the single bit 1.
    if (type === fuA) return ((payload[1] ?? 0) & 0x80) !== 0 && ((payload[2] ?? 0) & 0x80) !== 0
    return (type === 1 || type === 5) && ((payload[1] ?? 0) & 0x80) !== 0
  },
  join(payloads) {
    const units: Buffer[] = []
    let fragments: Buffer[] | undefined
    for (const payload of payloads) {
      if (payload.length < 2) return undefined
      const type = payload[0]! & 31
      if (type === stapA) {
        if (!splitAggregate(payload, units)) return undefined
      } else if (type === fuA) {
        const head = payload[1]!
        if (head & 0x80) fragments = [Buffer.from([(payload[0]! & 0xe0) | (head & 31)])]
        if (!fragments) return undefined
        fragments.push(payload.subarray(2))
        if (head & 0x40) {
          units.push(Buffer.concat(fragments))
          fragments = undefined
        }
      } else units.push(payload)
    }
    if (fragments || units.length === 0) return undefined
    const isKey = units.some((unit) => (unit[0]! & 31) === 5)
    return { data: Buffer.concat(units.flatMap((unit) => [startCode, unit])), isKey }
  },
}

function splitAggregate(payload: Buffer, into: Buffer[]): boolean {
  for (let at = 1; at < payload.length; ) {
    if (at + 2 > payload.length) return false
    const end = at + 2 + payload.readUInt16BE(at)
    if (end > payload.length || end === at + 2) return false
    into.push(payload.subarray(at + 2, end))
    at = end
  }
  return true
}

/** Frames come out as a temporal unit without delimiter, every OBU with its size, as containers hold it. */
const av1: Depacketizer = {
  // An OBU may begin a payload in the middle of a frame; only the first one of a sequence (N) tells of itself.
  isStart: (payload) => payload.length > 1 && (payload[0]! & 0x88) === 0x08,
  join(payloads) {
    const elements: Buffer[] = []
    let isOpen = false
    for (const payload of payloads) {
      const head = payload[0] ?? 0
      const parts = splitElements(payload)
      if (!parts || ((head & 0x80) !== 0) !== isOpen) return undefined
      if (isOpen) elements.push(Buffer.concat([elements.pop()!, parts.shift()!]))
      elements.push(...parts)
      isOpen = (head & 0x40) !== 0
    }
    if (isOpen || elements.length === 0 || elements.some((element) => element.length === 0)) return undefined
    const units = elements.filter((element) => obuType(element) !== 2)
    return { data: Buffer.concat(units.map(withSize)), isKey: units.some((unit) => obuType(unit) === 1) }
  },
}

const obuType = (obu: Buffer): number => (obu[0]! >> 3) & 15

/** OBU elements of one payload by its aggregation header: W of them, the last without a length; W = 0 all with one. */
function splitElements(payload: Buffer): Buffer[] | undefined {
  if (payload.length < 2) return undefined
  const count = (payload[0]! >> 4) & 3
  const elements: Buffer[] = []
  for (let at = 1; at < payload.length; ) {
    if (count > 0 && elements.length === count - 1) {
      elements.push(payload.subarray(at))
      break
    }
    const length = readLeb128(payload, at)
    if (!length || length.next + length.value > payload.length) return undefined
    elements.push(payload.subarray(length.next, length.next + length.value))
    at = length.next + length.value
  }
  return elements.length > 0 && (count === 0 || elements.length === count) ? elements : undefined
}

function readLeb128(bytes: Buffer, from: number): { value: number; next: number } | undefined {
  let value = 0
  for (let i = 0; i < 4 && from + i < bytes.length; i++) {
    value |= (bytes[from + i]! & 0x7f) << (7 * i)
    if ((bytes[from + i]! & 0x80) === 0) return { value, next: from + i + 1 }
  }
  return undefined
}

function writeLeb128(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}

/** obu_has_size_field set and the size put in, unless it is there already. */
function withSize(obu: Buffer): Buffer {
  const head = obu[0]!
  if (head & 0x02) return obu
  const headLength = head & 0x04 ? 2 : 1
  const body = obu.subarray(headLength)
  const header = Buffer.from(obu.subarray(0, headLength))
  header[0] = head | 0x02
  return Buffer.concat([header, writeLeb128(body.length), body])
}

export const depacketizers: Record<RtpCodec, Depacketizer> = { vp8, vp9, av1, h264, opus }
