// The messages of a DTLS handshake in their order, each once and whole (RFC 6347 4.2.2): werift takes them as they come, and where one
// is lost it answers what it has not been told in full, or takes a repetition for another message. What is lost comes again by timers.

const headerBytes = 13
const messageHeaderBytes = 12
const handshake = 22
const clientHello = 1
const certificateVerify = 15
/** Messages that may be ahead of the one that is waited for; a flight has no more. */
const maxAhead = 16

interface Fragment {
  readonly offset: number
  readonly body: Buffer
}

interface Partial {
  readonly type: number
  readonly length: number
  readonly fragments: Fragment[]
}

export class HandshakeOrder {
  readonly #isServer: () => boolean
  readonly #ahead = new Map<number, Partial>()
  #next = 0
  /** The other side's Finished, which cannot be opened before what stands before it is known. */
  #finished: Buffer | undefined
  #isVerified = false

  /** `isServer`: of this side, once it is known. */
  constructor(isServer: () => boolean) {
    this.#isServer = isServer
  }

  /** Takes the sound records of a datagram; gives the records that are next in order, or undefined where there are none. */
  take(datagram: Buffer): Buffer | undefined {
    const out: Buffer[] = []
    for (let at = 0; at + headerBytes <= datagram.length; ) {
      const record = datagram.subarray(at, at + headerBytes + datagram.readUInt16BE(at + 11))
      at += record.length
      if (record[0] !== handshake) out.push(record)
      else if (record.readUInt16BE(3) === 0) this.#takeMessages(record, out)
      else this.#finished = record
    }
    if (this.#finished && (this.#isVerified || !this.#isServer())) {
      out.push(this.#finished)
      this.#finished = undefined
    }
    return out.length > 0 ? Buffer.concat(out) : undefined
  }

  #takeMessages(record: Buffer, out: Buffer[]): void {
    for (let at = headerBytes; at + messageHeaderBytes <= record.length; ) {
      const end = at + messageHeaderBytes + record.readUIntBE(at + 9, 3)
      this.#takeFragment(record.subarray(at, end))
      at = end
    }
    for (let body = this.#wholeBody(); body; body = this.#wholeBody()) {
      const { type } = this.#ahead.get(this.#next)!
      out.push(recordOf(record, type, this.#next, body))
      if (type === certificateVerify) this.#isVerified = true
      this.#ahead.delete(this.#next++)
    }
  }

  #takeFragment(fragment: Buffer): void {
    const [type, sequence] = [fragment[0]!, fragment.readUInt16BE(4)]
    // The answer to a first ClientHello is sent by no timer: who asks again has not got it.
    if (type === clientHello && sequence === 0 && this.#next === 1) this.#next = 0
    if (sequence < this.#next || sequence > this.#next + maxAhead) return
    const length = fragment.readUIntBE(1, 3)
    const known = this.#ahead.get(sequence) ?? { type, length, fragments: [] }
    if (known.type !== type || known.length !== length) return
    known.fragments.push({ offset: fragment.readUIntBE(6, 3), body: fragment.subarray(messageHeaderBytes) })
    this.#ahead.set(sequence, known)
  }

  /** Of the message that is next, once all of it is here. */
  #wholeBody(): Buffer | undefined {
    const message = this.#ahead.get(this.#next)
    if (!message) return undefined
    const body = Buffer.alloc(message.length)
    let filled = 0
    for (const fragment of message.fragments.toSorted((a, b) => a.offset - b.offset)) {
      if (fragment.offset > filled) return undefined
      fragment.body.copy(body, fragment.offset)
      filled = Math.max(filled, fragment.offset + fragment.body.length)
    }
    return filled === message.length ? body : undefined
  }
}

/** A record in the clear with one whole message; version and number are those of the record that completed it. */
function recordOf(record: Buffer, type: number, sequence: number, body: Buffer): Buffer {
  const whole = Buffer.alloc(headerBytes + messageHeaderBytes + body.length)
  record.copy(whole, 0, 0, headerBytes)
  whole.writeUInt16BE(messageHeaderBytes + body.length, 11)
  whole[headerBytes] = type
  whole.writeUIntBE(body.length, headerBytes + 1, 3)
  whole.writeUInt16BE(sequence, headerBytes + 4)
  whole.writeUIntBE(body.length, headerBytes + 9, 3)
  body.copy(whole, headerBytes + messageHeaderBytes)
  return whole
}
