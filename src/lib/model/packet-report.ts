// What became of each packet that was sent, as the viewer's feedback tells: what congestion control is made from.

/** Why a packet was sent: media, or media again (RTX), or to find out what the path takes. */
export type PacketKind = 'media' | 'rtx' | 'probe'

/** One packet with a transport-wide sequence number of which the viewer said for the first time that it came, or did not. */
export interface PacketReport {
  /** Transport-wide, without wraps: grows by one with each packet of the connection. */
  readonly sequence: number
  readonly kind: PacketKind
  /** Of the datagram: RTP header, payload and SRTP tag, without UDP and IP. */
  readonly byteLength: number
  /** When it was given to the socket, on the sender's monotonic clock. */
  readonly sentAtMs: number
  /**
   * On the viewer's clock, without wraps, in steps of 0.25 ms: only differences between arrivals mean anything. Absent when
   * the viewer says that it did not come, which a later report may take back.
   */
  readonly arrivedAtMs?: number
  /** It came after all: an earlier report called it lost. */
  readonly wasLost: boolean
}

/** What one feedback of the viewer says. Packets that no feedback speaks of are unknown, not lost. */
export interface PacketFeedback {
  /** When it was taken from the socket, on the sender's clock. */
  readonly atMs: number
  /** In the order in which they were sent. A packet is reported as lost once at most, and as arrived once at most. */
  readonly packets: readonly PacketReport[]
  /** Feedback between the one before and this that never came, as its count tells. */
  readonly missedFeedback: number
}
