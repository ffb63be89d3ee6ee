// Looks at DTLS 1.2 (RFC 6347) before werift does: it keeps fragments of handshakes without a bound, allocates the length that a
// fragment names (up to 16 MiB), makes a key pair for each ClientHello, lets a plain record reset a session that runs, and takes an
// encrypted alert whose first bytes look like one in the clear for that, unopened: anybody could end the session.

const headerBytes = 13
const maxRecords = 32
/** Handshakes in the clear, of one connection with everything sent again and again: some 60 messages and 20 KiB. */
const maxMessages = 160
const maxHandshakeBytes = 131_072
const maxMessageBytes = 32_768
const maxHellos = 32
/** An encrypted handshake record is Finished: 24 bytes, nonce and tag. */
const maxFinishedBytes = 48
const maxFinished = 32
/** Level and description, nonce and tag. */
const encryptedAlertBytes = 26

const changeCipherSpec = 20
const alert = 21
const handshake = 22
const applicationData = 23
const clientHello = 1

export class DtlsGuard {
  readonly #onAlert: (record: Buffer) => void
  #messages = 0
  #bytes = 0
  #hellos = 0
  #finished = 0

  /** `onAlert` gets the encrypted alerts, as whole records that nobody has opened yet; werift gets none of them. */
  constructor(onAlert: (record: Buffer) => void) {
    this.#onAlert = onAlert
  }

  /** The records of a datagram that werift may see, or undefined when there is none. `isConnected`: the handshake is over. */
  admit(datagram: Buffer, isConnected: boolean): Buffer | undefined {
    const records = cutRecords(datagram)
    const admitted = records.filter((record) => this.#admits(record, isConnected))
    const length = admitted.reduce((sum, record) => sum + record.length, 0)
    if (length === datagram.length) return datagram
    return length > 0 ? Buffer.concat(admitted) : undefined
  }

  #admits(record: Buffer, isConnected: boolean): boolean {
    if (record[1] !== 0xfe) return false
    const isPlain = record.readUInt16BE(3) === 0
    const body = record.subarray(headerBytes)
    // What comes in the clear after the handshake is its past, or not the peer.
    if (isPlain && isConnected) return false
    switch (record[0]) {
      case changeCipherSpec:
        return isPlain && body.length === 1
      case alert:
        if (!isPlain && body.length === encryptedAlertBytes) this.#onAlert(record)
        return isPlain && body.length === 2
      case handshake:
        return isPlain
          ? this.#admitsHandshake(body)
          : body.length <= maxFinishedBytes && ++this.#finished <= maxFinished
      case applicationData:
        return !isPlain
      default:
        return false
    }
  }

  #admitsHandshake(body: Buffer): boolean {
    if (body.length === 0) return false
    for (let at = 0; at < body.length; ) {
      if (at + 12 > body.length) return false
      const [length, offset, part] = [
        body.readUIntBE(at + 1, 3),
        body.readUIntBE(at + 6, 3),
        body.readUIntBE(at + 9, 3),
      ]
      if (length > maxMessageBytes || offset + part > length || at + 12 + part > body.length) return false
      if (body[at] === clientHello && ++this.#hellos > maxHellos) return false
      this.#bytes += 12 + part
      if (++this.#messages > maxMessages || this.#bytes > maxHandshakeBytes) return false
      at += 12 + part
    }
    return true
  }
}

/** Up to the first that does not fit. */
function cutRecords(datagram: Buffer): Buffer[] {
  const records: Buffer[] = []
  for (let at = 0; at + headerBytes <= datagram.length && records.length < maxRecords; ) {
    const end = at + headerBytes + datagram.readUInt16BE(at + 11)
    if (end > datagram.length) break
    records.push(datagram.subarray(at, end))
    at = end
  }
  return records
}
