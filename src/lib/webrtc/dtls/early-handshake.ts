// DTLS that arrives before this side knows its path: the other side may be connected first, and what it loses then it sends
// again only after 50 ms or more (RFC 6347 4.2.4.1; Chromium begins with 50 ms, others with a second).

const maxPackets = 4

export class EarlyHandshake {
  #packets: Buffer[] = []

  /** Keeps a DTLS packet (RFC 7983: 20 to 63); anything else, and what is too much, it leaves. */
  keep(data: Buffer): void {
    if (this.#packets.length < maxPackets && data[0]! >= 20 && data[0]! <= 63) this.#packets.push(data)
  }

  /** Gives the packets kept, in order, and forgets them. */
  take(): Buffer[] {
    return this.#packets.splice(0)
  }
}
