// What was sent lately, by sequence number, so that a NACK can be answered: preallocated columns, nothing made per packet.
import type { OutgoingPacket } from '../../model/frame.ts'

export interface RetransmissionLimits {
  /** Power of two: packets kept at most. */
  readonly capacity: number
  /** How long a packet is kept; its memory is let go after. */
  readonly keepMs: number
  /** Retransmitted bytes allowed for each byte sent, and the most that may be saved up. */
  readonly byteRatio: number
  readonly maxSavedBytes: number
}

export const videoRetransmission: RetransmissionLimits = {
  capacity: 2048,
  keepMs: 1500,
  byteRatio: 0.5,
  maxSavedBytes: 64_000,
}
export const audioRetransmission: RetransmissionLimits = {
  capacity: 128,
  keepMs: 1500,
  byteRatio: 0.5,
  maxSavedBytes: 4000,
}

const nothing = new Uint8Array(0)
/** A packet is sent again at most once in this time, or in a round trip where that is longer. */
const minResendMs = 20

export class RetransmissionRing {
  /** Last known round trip; a repeated NACK within it says nothing new. */
  roundTripMs = 0
  readonly #limits: RetransmissionLimits
  readonly #mask: number
  readonly #payloads: Uint8Array[]
  readonly #sequences: Int32Array
  readonly #timestamps: Uint32Array
  readonly #markers: Uint8Array
  readonly #pictureIds: Int16Array
  readonly #sentAtMs: Float64Array
  readonly #resentAtMs: Float64Array
  #savedBytes: number
  #oldest = 0
  #count = 0

  constructor(limits: RetransmissionLimits) {
    const { capacity } = limits
    this.#limits = limits
    this.#mask = capacity - 1
    this.#payloads = new Array<Uint8Array>(capacity).fill(nothing)
    this.#sequences = new Int32Array(capacity).fill(-1)
    this.#timestamps = new Uint32Array(capacity)
    this.#markers = new Uint8Array(capacity)
    this.#pictureIds = new Int16Array(capacity)
    this.#sentAtMs = new Float64Array(capacity)
    this.#resentAtMs = new Float64Array(capacity)
    this.#savedBytes = limits.maxSavedBytes / 2
  }

  /** Packets held now. */
  get size(): number {
    return this.#count
  }

  /** Keeps what was just sent. Sequence numbers are stored in order, without gaps. */
  store(packet: OutgoingPacket, nowMs: number): void {
    const at = packet.sequence & this.#mask
    if (this.#count > this.#mask) this.#forgetOldest()
    if (this.#count === 0) this.#oldest = at
    this.#payloads[at] = packet.payload
    this.#sequences[at] = packet.sequence
    this.#timestamps[at] = packet.timestamp
    this.#markers[at] = packet.marker ? 1 : 0
    this.#pictureIds[at] = packet.pictureId
    this.#sentAtMs[at] = nowMs
    this.#resentAtMs[at] = Number.NEGATIVE_INFINITY
    this.#count++
    const saved = this.#savedBytes + packet.payload.length * this.#limits.byteRatio
    this.#savedBytes = saved < this.#limits.maxSavedBytes ? saved : this.#limits.maxSavedBytes
    this.expire(nowMs)
  }

  /**
   * Fills `into` with the packet of this sequence number and counts it as sent again. False when it is gone, was sent again
   * within the last round trip, or the allowance is used up. `pictureIdOffset` is the caller's.
   */
  lookup(sequence: number, nowMs: number, into: OutgoingPacket): boolean {
    const at = sequence & this.#mask
    if (this.#sequences[at] !== sequence || nowMs - this.#sentAtMs[at]! > this.#limits.keepMs) return false
    if (nowMs - this.#resentAtMs[at]! < Math.max(minResendMs, this.roundTripMs)) return false
    const payload = this.#payloads[at]!
    if (payload.length > this.#savedBytes) return false
    this.#savedBytes -= payload.length
    this.#resentAtMs[at] = nowMs
    into.payload = payload
    into.sequence = sequence
    into.timestamp = this.#timestamps[at]!
    into.marker = this.#markers[at] === 1
    into.pictureId = this.#pictureIds[at]!
    return true
  }

  /** Lets go of what is older than `keepMs`, so that a viewer that stands still pins no media. */
  expire(nowMs: number): void {
    const beforeMs = nowMs - this.#limits.keepMs
    while (this.#count > 0 && this.#sentAtMs[this.#oldest]! < beforeMs) this.#forgetOldest()
  }

  #forgetOldest(): void {
    this.#payloads[this.#oldest] = nothing
    this.#sequences[this.#oldest] = -1
    this.#oldest = (this.#oldest + 1) & this.#mask
    this.#count--
  }
}
