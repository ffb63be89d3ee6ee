// Received packets into whole frames, in order: waits for retransmissions a while, then goes on and says that it lost some.

import { codecs, type Depacketizer } from '../codec/index.ts'
import type { MediaKind, RtpCodec } from '../model/track.ts'
import type { ReceivedRtp } from './receiving-peer.ts'

export interface ReceivedFrame {
  readonly kind: MediaKind
  readonly codec: RtpCodec
  readonly data: Buffer
  readonly isKey: boolean
  /** RTP timestamp, 32 bits. */
  readonly timestamp: number
  /** True when something before it was lost: a video decoder shows it well only if it is a key frame. */
  readonly isAfterLoss: boolean
  /** When all of it had arrived. */
  readonly atMs: number
  /** Part of it came as a retransmission. */
  readonly isRecovered: boolean
}

interface FrameAssemblerOptions {
  readonly kind: MediaKind
  readonly codec: RtpCodec
  /** How long a gap is waited for. */
  readonly maxWaitMs?: number
  /** Packets kept while waiting. */
  readonly maxPackets?: number
  /** A key frame that is whole is waited for no longer, whatever is missing before it: so a decoder does that shows what it has. */
  readonly skipsToKey?: boolean
}

export class FrameAssembler {
  /** Frames that were given up. */
  framesLost = 0
  readonly #options: Required<FrameAssemblerOptions>
  readonly #depacketizer: Depacketizer
  /** By extended sequence. */
  readonly #packets = new Map<number, ReceivedRtp>()
  #highest = -1
  /** Extended sequence the next frame begins with; -1 before the first frame. */
  #next = -1
  #isAfterLoss = false

  constructor(options: FrameAssemblerOptions) {
    this.#options = { maxWaitMs: 300, maxPackets: 2048, skipsToKey: false, ...options }
    this.#depacketizer = codecs[options.codec].depacketizer
  }

  /** Takes a packet and gives the frames that are complete now, in order. */
  push(packet: ReceivedRtp): ReceivedFrame[] {
    if (packet.kind !== this.#options.kind || packet.codec !== this.#options.codec) return []
    const extended = this.#extend(packet.sequence)
    if (this.#next >= 0 && extended < this.#next) return []
    this.#highest = Math.max(this.#highest, extended)
    this.#packets.set(extended, packet)
    const frames = this.#drain()
    if (this.#options.skipsToKey && this.#packets.size > 0) frames.push(...this.#skipToKey(extended))
    if (this.#isStuck(packet.atMs)) {
      this.#skip()
      frames.push(...this.#drain())
    }
    return frames
  }

  /** What is complete when nothing more will come. */
  flush(): ReceivedFrame[] {
    const frames = this.#drain()
    // Each skip leaves a frame behind or finds the next one, so this ends.
    while (this.#packets.size > 0) {
      this.#skip()
      frames.push(...this.#drain())
    }
    return frames
  }

  #extend(sequence: number): number {
    if (this.#highest < 0) return sequence + 65_536
    return this.#highest + (((sequence - this.#highest + 0x1_8000) & 0xffff) - 0x8000)
  }

  #drain(): ReceivedFrame[] {
    const frames: ReceivedFrame[] = []
    if (this.#next < 0) this.#findStart(Number.NEGATIVE_INFINITY)
    for (let end = this.#endOfFrame(); end !== undefined; end = this.#endOfFrame()) {
      const frame = this.#take(end)
      if (frame) frames.push(frame)
    }
    return frames
  }

  /** The last sequence of the frame at #next when all of it is here. */
  #endOfFrame(): number | undefined {
    const first = this.#packets.get(this.#next)
    if (!first) return undefined
    if (this.#options.kind === 'audio') return this.#next
    for (let at = this.#next; ; at++) {
      const packet = this.#packets.get(at)
      if (!packet) return undefined
      // A sender that forgot the marker shows the end by the next timestamp.
      if (packet.timestamp !== first.timestamp) return at - 1
      if (packet.marker) return at
    }
  }

  #take(end: number): ReceivedFrame | undefined {
    const packets: ReceivedRtp[] = []
    for (let at = this.#next; at <= end; at++) {
      packets.push(this.#packets.get(at)!)
      this.#packets.delete(at)
    }
    this.#next = end + 1
    const joined = this.#depacketizer.join(packets.map(({ payload }) => payload))
    if (!joined) {
      this.#noteLoss()
      return undefined
    }
    const { kind, codec } = this.#options
    const isAfterLoss = this.#isAfterLoss
    this.#isAfterLoss = false
    const { timestamp } = packets[0]!
    const atMs = packets.reduce((latest, packet) => Math.max(latest, packet.atMs), 0)
    const isRecovered = packets.some((packet) => packet.isRecovered)
    return { kind, codec, ...joined, timestamp, isAfterLoss, atMs, isRecovered }
  }

  /** A frame that comes slowly is not stuck: only one with a gap before what has arrived is. */
  #isStuck(nowMs: number): boolean {
    if (this.#packets.size > this.#options.maxPackets) return true
    if (this.#highest - this.#next + 1 === this.#packets.size) return false
    const [oldest] = this.#packets.values()
    return oldest !== undefined && nowMs - oldest.atMs > this.#options.maxWaitMs
  }

  /** Leaves the frame that cannot be completed and goes to the next one that may begin. */
  #skip(): void {
    this.#noteLoss()
    const damaged = this.#packets.get(this.#next)?.timestamp
    for (const at of [...this.#packets.keys()].sort((a, b) => a - b)) {
      if (this.#packets.get(at)!.timestamp !== damaged) break
      this.#packets.delete(at)
    }
    this.#findStart(this.#next)
  }

  /** Where the packet has made a key frame whole that stands behind a gap. */
  #skipToKey(extended: number): ReceivedFrame[] {
    const packet = this.#packets.get(extended)
    if (!packet || this.#next < 0) return []
    const isOfFrame = (at: number) => this.#packets.get(at)?.timestamp === packet.timestamp
    let [first, last] = [extended, extended]
    while (isOfFrame(first - 1)) first--
    while (isOfFrame(last + 1)) last++
    const payloads = Array.from({ length: last - first + 1 }, (_, i) => this.#packets.get(first + i)!.payload)
    const isWhole = this.#packets.get(last)!.marker && this.#depacketizer.isStart(payloads[0]!)
    if (!isWhole || !this.#depacketizer.join(payloads)?.isKey) return []
    this.#noteLoss()
    for (const at of this.#packets.keys()) if (at < first) this.#packets.delete(at)
    this.#next = first
    return this.#drain()
  }

  #findStart(from: number): void {
    let marker = -1
    for (const at of [...this.#packets.keys()].sort((a, b) => a - b)) {
      const packet = this.#packets.get(at)!
      if (at > from && (marker === at - 1 || this.#depacketizer.isStart(packet.payload))) {
        this.#next = at
        return
      }
      if (packet.marker) marker = at
      this.#packets.delete(at)
    }
    this.#next = -1
  }

  #noteLoss(): void {
    this.framesLost++
    this.#isAfterLoss = true
  }
}
