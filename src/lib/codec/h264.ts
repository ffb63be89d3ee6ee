// H.264 over RTP (RFC 6184), packetization mode 1: single NAL units, STAP-A for small ones, FU-A for large ones.
import type { Frame } from '../model/frame.ts'
import type { Codec } from './codec.ts'
import type { Depacketizer } from './depacketizer.ts'
import { fitsH264 } from './h264-profile.ts'
import {
  type AvcConfiguration,
  nalTypeOf,
  nalTypes,
  parseAvcConfiguration,
  splitAnnexB,
  splitLengthPrefixed,
} from './nal-units.ts'
import { maxPayloadBytes, type Packetizer } from './packetizer.ts'

const stapA = 24
const fuA = 28
const stapHeader = 1
const stapEntry = 2
const fuHeader = 2

/**
 * What no decoder needs: delimiters (RTP has the marker), filler (bitrate padding), end marks (they would break the join of
 * two GOPs), SEI (timing and captions that no browser reads, up to hundreds of bytes a frame), and the types above 23, which
 * mean something else in RTP.
 */
function isSent(nal: Uint8Array): boolean {
  const type = nalTypeOf(nal)
  return (type >= 1 && type <= 5) || type === nalTypes.sps || type === nalTypes.pps || type === 14 || type === 20
}

/** @param description avcC of samples with length prefixes; absent for Annex B (MPEG-TS). */
function createPacketizer(description?: Uint8Array): Packetizer {
  const configuration: AvcConfiguration | undefined = description && parseAvcConfiguration(description)

  function unitsOf(frame: Frame): Uint8Array[] {
    const all = configuration ? splitLengthPrefixed(frame.data, configuration.lengthSize) : splitAnnexB(frame.data)
    const units = all.filter(isSent)
    if (!configuration || !units.some((nal) => nalTypeOf(nal) === nalTypes.idr)) return units
    const inBand = (type: number) => units.some((nal) => nalTypeOf(nal) === type)
    const missing = [
      ...(inBand(nalTypes.sps) ? [] : configuration.sps),
      ...(inBand(nalTypes.pps) ? [] : configuration.pps),
    ]
    return [...missing, ...units]
  }

  return { codec: 'h264', pictureIdOffset: -1, packetize: (frame) => packetizeUnits(unitsOf(frame)) }
}

function packetizeUnits(units: readonly Uint8Array[]): Uint8Array[] {
  const payloads: Uint8Array[] = []
  let at = 0
  while (at < units.length) {
    const unit = units[at]!
    if (unit.length > maxPayloadBytes) {
      pushFragments(payloads, unit)
      at++
      continue
    }
    const count = fitting(units, at)
    payloads.push(count === 1 ? unit : aggregate(units.slice(at, at + count)))
    at += count
  }
  return payloads
}

/** How many units from `from` on go together into one packet; at least 1. */
function fitting(units: readonly Uint8Array[], from: number): number {
  let size = stapHeader
  let count = 0
  for (let i = from; i < units.length; i++) {
    size += stapEntry + units[i]!.length
    if (size > maxPayloadBytes) break
    count++
  }
  return Math.max(1, count)
}

/** STAP-A (RFC 6184 5.7.1): the header takes the highest NRI and any F bit of what is inside. */
function aggregate(units: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(stapHeader + units.reduce((sum, unit) => sum + stapEntry + unit.length, 0))
  let nri = 0
  let forbidden = 0
  let at = stapHeader
  for (const unit of units) {
    nri = Math.max(nri, unit[0]! & 0x60)
    forbidden |= unit[0]! & 0x80
    payload[at] = unit.length >> 8
    payload[at + 1] = unit.length
    payload.set(unit, at + stapEntry)
    at += stapEntry + unit.length
  }
  payload[0] = forbidden | nri | stapA
  return payload
}

/** FU-A (RFC 6184 5.8): the unit's own header byte is taken apart into indicator and FU header. */
function pushFragments(payloads: Uint8Array[], unit: Uint8Array): void {
  const bytes = unit.length - 1
  const count = Math.ceil(bytes / (maxPayloadBytes - fuHeader))
  const share = Math.ceil(bytes / count)
  const slab = new Uint8Array(bytes + count * fuHeader)
  const indicator = (unit[0]! & 0xe0) | fuA
  const type = unit[0]! & 0x1f
  let at = 0
  for (let from = 1; from < unit.length; from += share) {
    const end = Math.min(unit.length, from + share)
    slab[at] = indicator
    slab[at + 1] = (from === 1 ? 0x80 : 0) | (end === unit.length ? 0x40 : 0) | type
    slab.set(unit.subarray(from, end), at + fuHeader)
    payloads.push(slab.subarray(at, at + fuHeader + end - from))
    at += fuHeader + end - from
  }
}

const startCode = Buffer.from([0, 0, 0, 1])

/** Frames come out as Annex B. */
const depacketizer: Depacketizer = {
  isStart(payload) {
    const type = nalTypeOf(payload)
    if (type === stapA || (type >= nalTypes.sei && type <= nalTypes.aud)) return true
    // first_mb_in_slice is 0 when its Exp-Golomb code is the single bit 1.
    if (type === fuA) return ((payload[1] ?? 0) & 0x80) !== 0 && ((payload[2] ?? 0) & 0x80) !== 0
    return (type === 1 || type === nalTypes.idr) && ((payload[1] ?? 0) & 0x80) !== 0
  },
  join(payloads) {
    const units = joinUnits(payloads)
    if (!units || units.length === 0) return undefined
    const isKey = units.some((unit) => nalTypeOf(unit) === nalTypes.idr)
    return { data: Buffer.concat(units.flatMap((unit) => [startCode, unit])), isKey }
  },
}

/** The NAL units of a frame's payloads; undefined when a fragment or an aggregate is not whole. */
function joinUnits(payloads: readonly Buffer[]): Buffer[] | undefined {
  const units: Buffer[] = []
  let fragments: Buffer[] | undefined
  for (const payload of payloads) {
    if (payload.length < 2) return undefined
    const type = nalTypeOf(payload)
    if (type === stapA) {
      if (!splitAggregate(payload, units)) return undefined
    } else if (type === fuA) {
      const head = payload[1]!
      if (head & 0x80) fragments = [Buffer.from([(payload[0]! & 0xe0) | (head & 0x1f)])]
      if (!fragments) return undefined
      fragments.push(payload.subarray(fuHeader))
      if ((head & 0x40) === 0) continue
      units.push(Buffer.concat(fragments))
      fragments = undefined
    } else units.push(payload)
  }
  return fragments ? undefined : units
}

function splitAggregate(payload: Buffer, into: Buffer[]): boolean {
  for (let at = stapHeader; at < payload.length; ) {
    if (at + stapEntry > payload.length) return false
    const end = at + stapEntry + payload.readUInt16BE(at)
    if (end > payload.length || end === at + stapEntry) return false
    into.push(payload.subarray(at + stapEntry, end))
    at = end
  }
  return true
}

const anyLevel = { 'level-asymmetry-allowed': '1', 'packetization-mode': '1' }

export const h264: Codec = {
  name: 'h264',
  kind: 'video',
  rtpName: 'H264',
  clockRate: 90_000,
  sends: { 'profile-level-id': '42e01f', 'packetization-mode': '1', 'level-asymmetry-allowed': '1' },
  receives: ['42e01f', '42001f', '4d001f', '64001f'].map((profile) => ({ ...anyLevel, 'profile-level-id': profile })),
  codecString: 'avc1.42e01f',
  containerName: 'avc',
  files: ['.mp4'],
  depacketizer,
  createPacketizer,
  fits: fitsH264,
}
