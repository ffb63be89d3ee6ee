// AV1 over RTP (AOM "RTP Payload Format For AV1" 1.0): OBU elements with leb128 lengths, fragments marked by Z and Y.
import type { Frame } from '../model/frame.ts'
import type { Track } from '../model/track.ts'
import { type Codec, type Fmtp, numberOf } from './codec.ts'
import type { Depacketizer } from './depacketizer.ts'
import {
  configurationObus,
  leb128Bytes,
  type Obu,
  obuTypeOf,
  obuTypes,
  readLeb128,
  splitObus,
  withoutSize,
  withSize,
  writeLeb128,
} from './obu.ts'
import { maxPayloadBytes, type Packetizer } from './packetizer.ts'

const continued = 0x80 // Z: the first element goes on from the packet before
const continues = 0x40 // Y: the last element goes on in the next packet
const newSequence = 0x08 // N: the first packet of a coded video sequence
const aggregationBytes = 1

/** Never sent: the RTP timestamp delimits, padding is for constant bitrate, tile lists are for another use (4.4, 5). */
const isSent = ({ type }: Obu): boolean =>
  type !== obuTypes.temporalDelimiter && type !== obuTypes.padding && type !== obuTypes.tileList

/** @param description av1C, whose sequence header goes before key frames that have none. */
function createPacketizer(description?: Uint8Array): Packetizer {
  const sequenceHeaders = configurationObus(description).filter((obu) => obu.type === obuTypes.sequenceHeader)

  function packetize(frame: Frame): Uint8Array[] {
    const sent = splitObus(frame.data).filter(isSent)
    const hasSequence = sent.some((obu) => obu.type === obuTypes.sequenceHeader)
    const obus = frame.isKey && !hasSequence ? [...sequenceHeaders, ...sent] : sent
    return aggregate(obus.map(withoutSize), frame.isKey)
  }

  return { codec: 'av1', pictureIdOffset: -1, packetize }
}

/** Fills packets with W = 0: every element is preceded by its length, which two bytes hold for all that fits a packet. */
function aggregate(elements: readonly Uint8Array[], isKey: boolean): Uint8Array[] {
  const payloads: Uint8Array[] = []
  let packet = new Uint8Array(maxPayloadBytes)
  let at = aggregationBytes
  if (isKey) packet[0] = newSequence

  const flush = (flags: { goesOn: boolean }) => {
    if (flags.goesOn) packet[0]! |= continues
    payloads.push(packet.subarray(0, at))
    packet = new Uint8Array(maxPayloadBytes)
    packet[0] = flags.goesOn ? continued : 0
    at = aggregationBytes
  }

  for (const element of elements) {
    let from = 0
    while (from < element.length) {
      if (maxPayloadBytes - at < 3) flush({ goesOn: from > 0 })
      const size = Math.min(element.length - from, maxPayloadBytes - at - lengthBytes(element.length - from))
      at = writeLeb128(packet, at, size)
      packet.set(element.subarray(from, from + size), at)
      at += size
      from += size
      if (from < element.length) flush({ goesOn: true })
    }
  }
  if (at > aggregationBytes) payloads.push(packet.subarray(0, at))
  return payloads
}

/** Of the length of an element that fits a packet. */
const lengthBytes = (size: number): number => leb128Bytes(Math.min(size, maxPayloadBytes))

/** Frames come out as a temporal unit without delimiter, every OBU with its size, as containers hold it. */
const depacketizer: Depacketizer = {
  // An OBU may begin a payload in the middle of a frame; only the first one of a sequence (N) tells of itself.
  isStart: (payload) => payload.length > 1 && (payload[0]! & (continued | newSequence)) === newSequence,
  join(payloads) {
    const elements: Buffer[] = []
    let isOpen = false
    for (const payload of payloads) {
      const head = payload[0] ?? 0
      const parts = splitElements(payload)
      if (!parts || ((head & continued) !== 0) !== isOpen) return undefined
      if (isOpen) elements.push(Buffer.concat([elements.pop()!, parts.shift()!]))
      elements.push(...parts)
      isOpen = (head & continues) !== 0
    }
    if (isOpen || elements.length === 0 || elements.some((element) => element.length === 0)) return undefined
    const obus = elements.filter((element) => obuTypeOf(element[0]!) !== obuTypes.temporalDelimiter)
    const isKey = obus.some((obu) => obuTypeOf(obu[0]!) === obuTypes.sequenceHeader)
    return { data: Buffer.concat(obus.map(withSize)), isKey }
  },
}

/** OBU elements of one payload by its aggregation header: W of them, the last without a length; W = 0 all with one. */
function splitElements(payload: Buffer): Buffer[] | undefined {
  if (payload.length < 2) return undefined
  const count = (payload[0]! >> 4) & 3
  const elements: Buffer[] = []
  for (let at = aggregationBytes; at < payload.length; ) {
    if (count > 0 && elements.length === count - 1) {
      elements.push(payload.subarray(at))
      break
    }
    const size = readLeb128(payload, at)
    if (!size || at + size.length + size.value > payload.length) return undefined
    at += size.length
    elements.push(payload.subarray(at, at + size.value))
    at += size.value
  }
  return elements.length > 0 && (count === 0 || elements.length === count) ? elements : undefined
}

/** `av01.P.LLT.DD`: profile equal, level and tier within (7.2.1: profile 0, level-idx 5, tier 0 when absent). */
function fits({ codecString }: Track, offered: Fmtp): boolean {
  const match = /^av01\.(\d)\.(\d\d)([MH])\.(\d\d)/.exec(codecString)
  if (!match) return false
  const profile = Number(match[1])
  const tier = match[3] === 'H' ? 1 : 0
  return (
    profile === numberOf(offered.profile, 0) &&
    Number(match[2]) <= levelOf(offered) &&
    tier <= numberOf(offered.tier, 0) &&
    (profile > 0 || match[4] === '08')
  )
}

/**
 * level-idx 5 (3.1) is what absence means, and browsers write it though they decode far more: as in H.264, it is a hint
 * there, so that 5 or absent is taken for 6.3 at most.
 */
function levelOf(offered: Fmtp): number {
  const level = numberOf(offered['level-idx'], 5)
  return level === 5 ? 19 : level
}

/** Several frames in a temporal unit, one that is not shown, or an older one shown again (AV1 specification 5.9.2). */
function hidesFrames(data: Uint8Array): boolean {
  let obus: Obu[]
  try {
    obus = splitObus(data)
  } catch {
    return false
  }
  const frames = obus.filter((obu) => obu.type === obuTypes.frame || obu.type === obuTypes.frameHeader)
  if (frames.length !== 1) return frames.length > 1
  // A reduced still picture header has no such bits, and is one frame.
  const isReduced = obus.some((obu) => obu.type === obuTypes.sequenceHeader && (obu.payload[0]! & 0x08) !== 0)
  const first = frames[0]!.payload[0] ?? 0
  const showsExisting = (first & 0x80) !== 0
  const isShown = (first & 0x10) !== 0
  return !isReduced && (showsExisting || !isShown)
}

export const av1: Codec = {
  name: 'av1',
  kind: 'video',
  rtpName: 'AV1',
  clockRate: 90_000,
  sends: {},
  receives: [{ profile: '0', 'level-idx': '5', tier: '0' }],
  codecString: 'av01.0.04M.08',
  containerName: 'av1',
  files: ['.webm', '.mp4'],
  depacketizer,
  createPacketizer,
  fits,
  hidesFrames,
}
