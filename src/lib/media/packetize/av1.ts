// AV1 over RTP (AOM "RTP Payload Format For AV1" 1.0): OBU elements with leb128 lengths, fragments marked by Z and Y.
import type { Frame } from '../../model/frame.ts'
import { configurationObus, type Obu, obuTypes, splitObus } from '../obu.ts'
import { maxPayloadBytes, type Packetizer } from './packetizer.ts'

const continued = 0x80 // Z: the first element goes on from the packet before
const continues = 0x40 // Y: the last element goes on in the next packet
const newSequence = 0x08 // N: the first packet of a coded video sequence
const aggregationBytes = 1
const sizeFlag = 0x02

/** Never sent: the RTP timestamp delimits, padding is for constant bitrate, tile lists are for another use (4.4, 5). */
const isSent = ({ type }: Obu): boolean =>
  type !== obuTypes.temporalDelimiter && type !== obuTypes.padding && type !== obuTypes.tileList

/** @param description av1C, whose sequence header goes before key frames that have none. */
export function createAv1Packetizer(description?: Uint8Array): Packetizer {
  const sequenceHeaders = configurationObus(description).filter((obu) => obu.type === obuTypes.sequenceHeader)

  function packetize(frame: Frame): Uint8Array[] {
    const sent = splitObus(frame.data).filter(isSent)
    const hasSequence = sent.some((obu) => obu.type === obuTypes.sequenceHeader)
    const obus = frame.isKey && !hasSequence ? [...sequenceHeaders, ...sent] : sent
    return aggregate(obus.map(toElement), frame.isKey)
  }

  return { codec: 'av1', pictureIdOffset: -1, packetize }
}

/** An OBU without its size field, which the element length replaces. */
function toElement(obu: Obu): Uint8Array {
  const headerBytes = obu.extension === undefined ? 1 : 2
  const element = new Uint8Array(headerBytes + obu.payload.length)
  element[0] = obu.header & ~sizeFlag
  if (obu.extension !== undefined) element[1] = obu.extension
  element.set(obu.payload, headerBytes)
  return element
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

const lengthBytes = (size: number): number => (size < 128 ? 1 : 2)

function writeLeb128(buffer: Uint8Array, at: number, value: number): number {
  if (value < 128) {
    buffer[at] = value
    return at + 1
  }
  buffer[at] = (value & 0x7f) | 0x80
  buffer[at + 1] = value >> 7
  return at + 2
}
