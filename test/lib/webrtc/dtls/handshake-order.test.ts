import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HandshakeOrder } from '../../../../src/lib/webrtc/dtls/handshake-order.ts'

interface Message {
  readonly type: number
  readonly sequence: number
  readonly body: Buffer
}

const clientHello = 1
const helloVerifyRequest = 3
const certificateVerify = 15

function record(type: number, epoch: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, 0])
  header.writeUInt16BE(body.length, 11)
  return Buffer.concat([header, body])
}

function fragment({ type, sequence, body }: Message, from = 0, to = body.length): Buffer {
  const header = Buffer.alloc(12)
  header[0] = type
  header.writeUIntBE(body.length, 1, 3)
  header.writeUInt16BE(sequence, 4)
  header.writeUIntBE(from, 6, 3)
  header.writeUIntBE(to - from, 9, 3)
  return Buffer.concat([header, body.subarray(from, to)])
}

const plain = (...fragments: readonly Buffer[]) => record(22, 0, Buffer.concat(fragments))
const finished = record(22, 1, Buffer.alloc(48))
const changeCipherSpec = record(20, 0, Buffer.from([1]))
const messageOf = (sequence: number, type = 11, body = Buffer.from([sequence, type])): Message => ({
  type,
  sequence,
  body,
})

/** The messages of what werift would see; each must be whole. */
function messagesOf(out: Buffer | undefined): Message[] {
  const found: Message[] = []
  for (let at = 0; out && at < out.length; at += 13 + out.readUInt16BE(at + 11)) {
    if (out[at] !== 22 || out.readUInt16BE(at + 3) !== 0) continue
    const message = out.subarray(at + 13, at + 13 + out.readUInt16BE(at + 11))
    expect([message.readUIntBE(6, 3), message.readUIntBE(9, 3)]).toEqual([0, message.readUIntBE(1, 3)])
    found.push({ type: message[0]!, sequence: message.readUInt16BE(4), body: message.subarray(12) })
  }
  return found
}

describe('the order of a handshake', () => {
  it('is that of its messages, each once and whole, however they come', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 15 }), fc.infiniteStream(fc.nat()), (list, part, draws) => {
        const messages = list.map((body, sequence) => messageOf(sequence, 11, Buffer.from(body)))
        const draw = () => draws.next().value as number
        const pieces = messages.flatMap((message) => {
          const ends = Array.from({ length: Math.max(1, Math.ceil(message.body.length / part)) }, (_, at) => at * part)
          return ends.map((from) => plain(fragment(message, from, Math.min(from + part, message.body.length))))
        })
        const sent = [...pieces, ...pieces].map((piece) => ({ piece, at: draw() })).toSorted((a, b) => a.at - b.at)
        const order = new HandshakeOrder(() => true)
        const seen = sent.flatMap(({ piece }) => messagesOf(order.take(piece)))
        expect(seen).toEqual(messages)
      }),
    )
  })

  it('keeps what is not of the handshake, and several records of a datagram', () => {
    const order = new HandshakeOrder(() => false)
    const application = record(23, 1, Buffer.alloc(30))
    expect(order.take(application)).toEqual(application)
    const both = Buffer.concat([plain(fragment(messageOf(0, 2))), changeCipherSpec])
    expect(order.take(both)).toEqual(both)
    expect(order.take(plain(fragment(messageOf(0, 2))))).toBeUndefined()
  })

  it('holds Finished back from a server until the client is verified, and not from a client', () => {
    const server = new HandshakeOrder(() => true)
    expect(server.take(Buffer.concat([changeCipherSpec, finished]))).toEqual(changeCipherSpec)
    expect(server.take(plain(fragment(messageOf(1, certificateVerify))))).toBeUndefined()
    const out = server.take(plain(fragment(messageOf(0, 16))))!
    expect(messagesOf(out).map(({ type }) => type)).toEqual([16, certificateVerify])
    expect(out.subarray(-finished.length)).toEqual(finished)
    expect(server.take(finished)).toEqual(finished)
    expect(new HandshakeOrder(() => false).take(finished)).toEqual(finished)
  })

  it('lets a first ClientHello be asked again until it was answered, and no later', () => {
    const order = new HandshakeOrder(() => true)
    const hello = plain(fragment(messageOf(0, clientHello)))
    for (let times = 0; times < 3; times++) expect(messagesOf(order.take(hello))).toHaveLength(1)
    expect(messagesOf(order.take(plain(fragment(messageOf(1, clientHello)))))).toHaveLength(1)
    expect(order.take(hello)).toBeUndefined()
    const client = new HandshakeOrder(() => false)
    const request = plain(fragment(messageOf(0, helloVerifyRequest)))
    expect(messagesOf(client.take(request))).toHaveLength(1)
    expect(client.take(request)).toBeUndefined()
  })

  it('waits for no message that is far ahead, and believes no fragment that says otherwise than the first', () => {
    const order = new HandshakeOrder(() => true)
    expect(order.take(plain(fragment(messageOf(17))))).toBeUndefined()
    expect(order.take(plain(fragment(messageOf(0, 11, Buffer.alloc(10)), 0, 5)))).toBeUndefined()
    expect(order.take(plain(fragment(messageOf(0, 12, Buffer.alloc(10)), 5, 10)))).toBeUndefined()
    expect(messagesOf(order.take(plain(fragment(messageOf(0, 11, Buffer.alloc(10)), 5, 10))))).toHaveLength(1)
  })
})
