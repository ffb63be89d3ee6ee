// Encoded media as it moves from container to packet.

/** One encoded access unit (video) or codec frame (audio). */
export interface Frame {
  /** Presentation time in seconds from the start of the content. */
  readonly timeS: number
  readonly durationS: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/**
 * A run of frames that starts at a key frame and needs nothing before it: what is read, cached, transcoded and switched as one.
 * For audio, about a second of frames. Frames are in the order they are sent; all `data` are views of one slab.
 * A source GOP over the bounds of its reader (seconds, bytes) comes in pieces: every piece but the first `continues`.
 */
export interface Gop {
  readonly startS: number
  /** Where the next one starts; the end of the content when `isLast`. */
  readonly endS: number
  readonly frames: readonly Frame[]
  readonly byteLength: number
  /** True when it goes on from the piece before and does not start with a key frame. */
  readonly continues: boolean
  readonly isLast: boolean
}

/** A frame cut into RTP payloads. */
export interface PacketizedFrame {
  readonly timeS: number
  readonly durationS: number
  readonly isKey: boolean
  /** RTP payloads in order; the last carries the marker bit (video). */
  readonly payloads: readonly Uint8Array[]
  readonly byteLength: number
}

/** A Gop made into packets once, for every viewer. */
export interface PacketizedGop extends Omit<Gop, 'frames'> {
  readonly frames: readonly PacketizedFrame[]
}

/** One RTP packet on its way out. Reused by its owner: valid only during the call that gets it. */
export interface OutgoingPacket {
  payload: Uint8Array
  /** 16 bits. */
  sequence: number
  /** 32 bits. */
  timestamp: number
  marker: boolean
  /** Byte offset in the payload at which the 15-bit PictureID stands (its high bit is the M bit), or -1. */
  pictureIdOffset: number
  /** 15 bits; meaningful when pictureIdOffset >= 0. */
  pictureId: number
}

/** Takes the packets of one RTP stream to the network. A packet is valid only during the call. */
export interface PacketSink {
  /** Encrypts and sends now. False when the transport is not ready. The packet is not kept. */
  send(packet: OutgoingPacket): boolean
  /** Sends again on the RTX stream (RFC 4588); false when RTX was not negotiated or the transport is not ready. */
  retransmit(packet: OutgoingPacket): boolean
}
