// What may stand between a peer and its sockets: a path that delays and loses datagrams as a network would.

export interface DatagramPath {
  /** From the peer to the other side. Calls `deliver` at once, later or never; whoever keeps the datagram keeps a copy. */
  up(data: Buffer, deliver: (data: Buffer) => void): void
  /** From the other side. `data` is its own memory. */
  down(data: Buffer, deliver: (data: Buffer) => void): void
  /** Resolves once nothing is on its way up any more, or after a while: sockets stay open until then. */
  drained(): Promise<void>
}
