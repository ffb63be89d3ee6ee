// What was sent lately, by sequence number, and which of it the viewer misses, in the order in which it said so: preallocated
// columns, nothing made per packet.
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
  /** Infinity while it waits to be sent again. */
  readonly #resentAtMs: Float64Array
  /** Sequence numbers that wait, from `#firstWaiting` on and around the end. */
  readonly #waiting: Uint16Array
  #firstWaiting = 0
  #waitingCount = 0
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
    this.#waiting = new Uint16Array(capacity)
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

  /** Packets that wait to be sent again. */
  get waiting(): number {
    return this.#waitingCount
  }

  /**
   * Puts a packet in line to be sent again and spends its allowance. False when it is gone, waits already, was sent again within
   * the last round trip, or the allowance is used up.
   */
  request(sequence: number, nowMs: number): boolean {
    const at = sequence & this.#mask
    if (this.#waitingCount > this.#mask || !this.#isKept(sequence, nowMs)) return false
    if (nowMs - this.#resentAtMs[at]! < Math.max(minResendMs, this.roundTripMs)) return false
    const byteLength = this.#payloads[at]!.length
    if (byteLength > this.#savedBytes) return false
    this.#savedBytes -= byteLength
    this.#resentAtMs[at] = Number.POSITIVE_INFINITY
    this.#waiting[(this.#firstWaiting + this.#waitingCount) & this.#mask] = sequence
    this.#waitingCount++
    return true
  }

  /** Size of the packet that is first in line, 0 when there is none. Those that have become too old are passed over. */
  nextByteLength(nowMs: number): number {
    while (this.#waitingCount > 0) {
      const sequence = this.#waiting[this.#firstWaiting]!
      if (this.#isKept(sequence, nowMs)) return this.#payloads[sequence & this.#mask]!.length
      this.#leaveLine()
    }
    return 0
  }

  /** Fills `into` with the packet that is first in line, which has then been sent again. `pictureIdOffset` is the caller's. */
  takeNext(nowMs: number, into: OutgoingPacket): void {
    const sequence = this.#waiting[this.#firstWaiting]!
    const at = sequence & this.#mask
    this.#leaveLine()
    this.#resentAtMs[at] = nowMs
    into.payload = this.#payloads[at]!
    into.sequence = sequence
    into.timestamp = this.#timestamps[at]!
    into.marker = this.#markers[at] === 1
    into.pictureId = this.#pictureIds[at]!
  }

  /** Lets go of what is older than `keepMs`, so that a viewer that stands still pins no media. */
  expire(nowMs: number): void {
    const beforeMs = nowMs - this.#limits.keepMs
    while (this.#count > 0 && this.#sentAtMs[this.#oldest]! < beforeMs) this.#forgetOldest()
  }

  #isKept(sequence: number, nowMs: number): boolean {
    const at = sequence & this.#mask
    return this.#sequences[at] === sequence && nowMs - this.#sentAtMs[at]! <= this.#limits.keepMs
  }

  #leaveLine(): void {
    this.#firstWaiting = (this.#firstWaiting + 1) & this.#mask
    this.#waitingCount--
  }

  #forgetOldest(): void {
    this.#payloads[this.#oldest] = nothing
    this.#sequences[this.#oldest] = -1
    this.#oldest = (this.#oldest + 1) & this.#mask
    this.#count--
  }
}
