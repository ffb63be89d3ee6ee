// The two STUN messages that keep a selected path alive: a check of it (RFC 8445 7.1, RFC 7675) and the answer to one (7.3).
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { crc32 } from 'node:zlib'
import {
  controlledType,
  controllingType,
  cookie,
  headerLength,
  integrityLength,
  integrityType,
  priorityType,
  usernameType,
} from './stun.ts'

const bindingRequest = 0x0001
const bindingResponse = 0x0101
const mappedType = 0x0020
/** In the range of those that nobody need understand (RFC 8489 18.3), and given to nobody. */
const paddingType = 0xfffe
const fingerprintType = 0x8028
const fingerprintMask = 0x5354_554e
/** RFC 8445 5.1.2.1: of a peer-reflexive candidate, with the highest local preference, of component 1. */
const priority = 110 * 2 ** 24 + 65_535 * 2 ** 8 + 255

export interface BindingRequest {
  /** `theirs:ours`, the username fragments of both sides. */
  readonly username: string
  /** Of the other side. */
  readonly password: string
  readonly isControlling: boolean
  readonly tieBreaker: bigint
  /** Bytes of nothing, to see whether packets of this size pass. */
  readonly paddingBytes?: number
}

/** A check of a path that is selected, with a transaction of its own. */
export function writeBindingRequest(request: BindingRequest): Buffer {
  const { username, password, isControlling, tieBreaker, paddingBytes = 0 } = request
  const name = Buffer.from(username)
  const message = new Message(bindingRequest, randomBytes(12))
  message.add(usernameType, name)
  message.add(priorityType, uint32(priority))
  const role = Buffer.alloc(8)
  role.writeBigUInt64BE(tieBreaker)
  message.add(isControlling ? controllingType : controlledType, role)
  if (paddingBytes > 0) message.add(paddingType, Buffer.alloc(paddingBytes))
  return message.sign(password)
}

/** Says to the sender of `request` from where it came. */
export function writeBindingResponse(request: Buffer, from: readonly [string, number], password: string): Buffer {
  const message = new Message(bindingResponse, request.subarray(8, headerLength))
  message.add(mappedType, mappedAddress(from, request))
  return message.sign(password)
}

class Message {
  #bytes: Buffer

  constructor(type: number, transaction: Uint8Array) {
    this.#bytes = Buffer.alloc(headerLength)
    this.#bytes.writeUInt16BE(type, 0)
    this.#bytes.writeUInt32BE(cookie, 4)
    this.#bytes.set(transaction, 8)
  }

  add(type: number, value: Uint8Array): void {
    const head = Buffer.alloc(4)
    head.writeUInt16BE(type, 0)
    head.writeUInt16BE(value.length, 2)
    this.#bytes = Buffer.concat([this.#bytes, head, value, Buffer.alloc(-value.length & 3)])
  }

  /** With MESSAGE-INTEGRITY and FINGERPRINT, each of which covers a length that has it in it (RFC 8489 14.5, 14.7). */
  sign(password: string): Buffer {
    this.#announce(4 + integrityLength)
    const key = createSecretKey(password, 'utf8')
    this.add(integrityType, createHmac('sha1', key).update(this.#bytes).digest())
    this.#announce(8)
    this.add(fingerprintType, uint32((crc32(this.#bytes) ^ fingerprintMask) >>> 0))
    return this.#bytes
  }

  #announce(more: number): void {
    this.#bytes.writeUInt16BE(this.#bytes.length - headerLength + more, 2)
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** XOR-MAPPED-ADDRESS (RFC 8489 14.2): with the cookie, and for IPv6 the transaction behind it. */
function mappedAddress([host, port]: readonly [string, number], request: Buffer): Buffer {
  const address = isIPv6(host) ? ipv6Bytes(host) : Buffer.from(host.split('.').map(Number))
  const value = Buffer.alloc(4 + address.length)
  value[1] = isIPv6(host) ? 2 : 1
  value.writeUInt16BE(port ^ (cookie >>> 16), 2)
  for (let i = 0; i < address.length; i++) value[4 + i] = address[i]! ^ request[4 + i]!
  return value
}

/** Of an address as the system writes it. */
function ipv6Bytes(host: string): Buffer {
  const [head, tail] = host.split('::') as [string, string | undefined]
  const groupsOf = (text: string | undefined) => (text ? text.split(':') : [])
  const [left, right] = [groupsOf(head), groupsOf(tail)]
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  const bytes = Buffer.alloc(16)
  for (const [i, group] of groups.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i)
  return bytes
}
