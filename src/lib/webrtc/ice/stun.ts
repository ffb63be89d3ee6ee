// As much of STUN (RFC 8489) as it takes to route a packet: its class, whose it is, whether it is authentic, and whether werift may
// parse it: that works for a second on an address of 64 kB, and takes for a check what only looks like one.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'

export const cookie = 0x2112_a442
export const headerLength = 20
export const usernameType = 0x0006
export const integrityType = 0x0008
export const integrityLength = 20
export const priorityType = 0x0024
export const controlledType = 0x8029
export const controllingType = 0x802a
const errorType = 0x0009
/** Those that hold an address: of IPv6 20 bytes. */
const addressTypes = new Set([0x0001, 0x0004, 0x0005, 0x0012, 0x0016, 0x0020, 0x8023, 0x802b, 0x802c])
const maxAddressBytes = 20
/** RFC 8489 6.1: no more than the path takes in one piece. */
const maxMessageBytes = 2048
const maxAttributes = 32

export type StunClass = 'request' | 'indication' | 'response'

/** The class of a STUN message, or undefined when the packet is none. */
export function stunClassOf(packet: Buffer): StunClass | undefined {
  if (packet.length < headerLength || packet[0]! >= 4 || packet.readUInt32BE(4) !== cookie) return undefined
  if (packet.readUInt16BE(2) + 20 !== packet.length || packet.length % 4 !== 0) return undefined
  const bits = packet.readUInt16BE(0) & 0x0110
  if (bits === 0) return 'request'
  return bits === 0x0010 ? 'indication' : 'response'
}

/** Whether the library may see a packet of this class: no STUN at all, or STUN that is what it says. */
export function isSound(packet: Buffer, stunClass: StunClass | undefined): boolean {
  if (!stunClass)
    return packet[0]! >= 4 && !(packet[0]! < 64 && packet.length >= 20 && packet.readUInt32BE(4) === cookie)
  if (stunClass === 'indication' || packet.length > maxMessageBytes) return false
  const types = attributeTypes(packet)
  if (!types) return false
  const isError = (packet.readUInt16BE(0) & 0x0110) === 0x0110
  return !isError || types.has(errorType)
}

/** Whether the attributes of a STUN message are such that the library may read them, whatever its class. */
export const hasSoundAttributes = (packet: Buffer): boolean =>
  packet.length <= maxMessageBytes && attributeTypes(packet) !== undefined

/** Undefined when the attributes do not fill the message, are too many, or an address is none. */
function attributeTypes(packet: Buffer): Set<number> | undefined {
  const types = new Set<number>()
  let count = 0
  let at = 20
  while (at + 4 <= packet.length) {
    const [type, length] = [packet.readUInt16BE(at), packet.readUInt16BE(at + 2)]
    if (++count > maxAttributes || (addressTypes.has(type) && length > maxAddressBytes)) return undefined
    types.add(type)
    at += 4 + 4 * Math.ceil(length / 4)
  }
  return at === packet.length ? types : undefined
}

/** The transaction as a key for maps. */
export const transactionOf = (packet: Buffer): string => packet.toString('latin1', 8, 20)

/** The part of USERNAME before the colon (our own fragment), or undefined. */
export function localFragmentOf(packet: Buffer): string | undefined {
  const username = findAttribute(packet, usernameType)
  const colon = username?.value.indexOf(0x3a) ?? -1
  return colon > 0 ? username!.value.toString('latin1', 0, colon) : undefined
}

/** RFC 8445 7.1.1: each check says what priority its sender would have. */
export const hasPriority = (packet: Buffer): boolean => findAttribute(packet, priorityType)?.value.length === 4

/** Whether the sender of a check has the other role than this side (RFC 8445 7.3.1.1). */
export const hasOtherRole = (packet: Buffer, isControlling: boolean): boolean =>
  findAttribute(packet, isControlling ? controlledType : controllingType)?.value.length === 8

/** Whether MESSAGE-INTEGRITY is there and right (RFC 8489 14.5, short-term credentials). */
export function hasIntegrity(packet: Buffer, password: string): boolean {
  const found = findAttribute(packet, integrityType)
  if (found?.value.length !== integrityLength) return false
  const header = Buffer.from(packet.subarray(0, 20))
  // The length counts up to and with the integrity attribute, whatever follows.
  header.writeUInt16BE(found.at - 20 + 4 + integrityLength, 2)
  // A key object: on Node 24 a text or raw bytes cost three times as much.
  const key = createSecretKey(password, 'utf8')
  const expected = createHmac('sha1', key).update(header).update(packet.subarray(20, found.at)).digest()
  return timingSafeEqual(expected, found.value)
}

function findAttribute(packet: Buffer, type: number): { at: number; value: Buffer } | undefined {
  for (let at = 20; at + 4 <= packet.length; ) {
    const length = packet.readUInt16BE(at + 2)
    const end = at + 4 + length
    if (end > packet.length) return undefined
    if (packet.readUInt16BE(at) === type) return { at, value: packet.subarray(at + 4, end) }
    at = at + 4 + 4 * Math.ceil(length / 4)
  }
  return undefined
}
