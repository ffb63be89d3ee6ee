// The position of one viewer in one kind: the queue that plays, those that will replace it, and a replay that is under way.
import type { PacketizedFrame, PacketizedGop } from '../../model/frame.ts'
import type { MediaKind } from '../../model/track.ts'
import type { GopFeed } from './feed.ts'
import { type BufferTarget, GopQueue, type GopQueueEvents } from './gop-queue.ts'
import type { MediaClock } from './timeline.ts'

const toleranceS = 0.001
/** A gap that an audio switch may leave. */
const audioGapS = 0.06

export class TrackHead {
  readonly kind: MediaKind
  /** What later seeks and loops open; ahead of `queue.feed` while a switch is pending. */
  feed: GopFeed
  queue: GopQueue
  /** Frames of the preroll that are still to be sent; their times are `prerollNextMs` and every `prerollStepMs` after. */
  prerollLeft = 0
  prerollNextMs = Number.NEGATIVE_INFINITY
  #prerollStepMs = 0
  #switchTo: GopQueue | undefined
  #loopTo: GopQueue | undefined
  #lastTakenS = Number.NEGATIVE_INFINITY
  readonly #target: BufferTarget
  readonly #events: GopQueueEvents

  constructor(kind: MediaKind, feed: GopFeed, startS: number, target: BufferTarget, events: GopQueueEvents) {
    this.kind = kind
    this.feed = feed
    this.#target = target
    this.#events = events
    this.queue = this.#open(startS)
  }

  /** Starts over at `timeS` of the newest feed; what was loading is dropped. */
  reopen(timeS: number): void {
    this.close()
    this.queue = this.#open(timeS)
  }

  /** Goes over to another feed at its next key frame that can be had in time. */
  switchFeed(feed: GopFeed): void {
    this.feed = feed
    this.#loopTo?.close()
    this.#loopTo = undefined
    this.#switchTo?.close()
    const switchS = this.kind === 'video' ? this.queue.gops[0]?.endS : this.queue.peek()?.timeS
    this.#switchTo = this.#open(switchS ?? this.queue.endS)
  }

  /** When the next frame is to be played: Infinity while the clock stands (unless it is preroll) or no frame is here. */
  dueMs(clock: MediaClock): number {
    if (this.prerollLeft > 0) return this.prerollNextMs
    if (!clock.running) return Number.POSITIVE_INFINITY
    const frame = this.queue.peek()
    return frame ? clock.playoutAt(frame.timeS) : Number.POSITIVE_INFINITY
  }

  take(frame: PacketizedFrame): void {
    this.#lastTakenS = frame.timeS
    if (this.prerollLeft > 0) {
      this.prerollLeft--
      this.prerollNextMs += this.#prerollStepMs
    }
    this.queue.take()
  }

  get prerollEndMs(): number {
    return this.prerollNextMs + this.prerollLeft * this.#prerollStepMs
  }

  /** Sends frames [from, to) of the current GOP evenly from `startMs` on, in `lengthMs`. */
  preroll(from: number, to: number, startMs: number, lengthMs: number): void {
    this.queue.frameIndex = from
    this.prerollLeft = to - from
    this.prerollNextMs = startMs
    this.#prerollStepMs = this.prerollLeft > 0 ? lengthMs / this.prerollLeft : 0
  }

  /** Drops late video up to the next key frame that is here, and gives the number of packets dropped. `dueS`: not beyond it. */
  dropToKey(dueS: number): number {
    const { queue } = this
    const at = lastKeyBefore(queue.gops, dueS)
    if (at <= 0) return 0
    let packets = packetsFrom(queue.gops[0]!, queue.frameIndex)
    queue.dropGop()
    for (let i = 1; i < at; i++) {
      packets += packetsFrom(queue.gops[0]!, 0)
      queue.dropGop()
    }
    return packets
  }

  /** Media time of the next key frame that is here, Infinity when none is. */
  nextKeyS(): number {
    const { gops } = this.queue
    for (let i = 1; i < gops.length; i++) if (!gops[i]!.continues) return gops[i]!.startS
    return Number.POSITIVE_INFINITY
  }

  /** Takes over the pending feed when its key frame (video) or next frame (audio) is reached. */
  checkSwitch(): void {
    const next = this.#switchTo
    if (!next || this.prerollLeft > 0) return
    const current = this.queue.peek()
    const positionS = current?.timeS ?? this.queue.endS
    if (this.kind === 'audio') next.skipTo(positionS - toleranceS)
    else this.#skipToKeyAfter(next, this.#lastTakenS)
    const candidate = next.peek()
    if (!candidate) {
      if (next.complete || next.failed) this.#forgetSwitch()
      return
    }
    const gapS = this.kind === 'audio' ? audioGapS : toleranceS
    if (candidate.timeS > positionS + gapS && (current || !this.queue.failed)) return
    this.queue.close()
    this.queue = next
    this.#switchTo = undefined
  }

  /** Makes the beginning ready, for a loop without a gap. */
  prepareLoop(): void {
    this.#loopTo ??= this.#open(0)
  }

  get isLoopReady(): boolean {
    return this.#loopTo?.isReady ?? false
  }

  startLoop(): void {
    const loopTo = this.#loopTo
    this.#loopTo = undefined
    this.close()
    this.queue = loopTo ?? this.#open(0)
  }

  close(): void {
    this.queue.close()
    this.#forgetSwitch()
    this.#loopTo?.close()
    this.#loopTo = undefined
    this.prerollLeft = 0
    this.#lastTakenS = Number.NEGATIVE_INFINITY
  }

  #open(timeS: number): GopQueue {
    return new GopQueue(this.feed, timeS, this.#target, this.#events)
  }

  #forgetSwitch(): void {
    this.#switchTo?.close()
    this.#switchTo = undefined
  }

  #skipToKeyAfter(next: GopQueue, timeS: number): void {
    for (let frame = next.peek(); frame; frame = next.peek()) {
      if (frame.isKey && frame.timeS > timeS + toleranceS) return
      next.skipGop()
    }
  }
}

function lastKeyBefore(gops: readonly PacketizedGop[], timeS: number): number {
  let at = 0
  for (let i = 1; i < gops.length; i++) if (!gops[i]!.continues && gops[i]!.startS <= timeS) at = i
  return at
}

function packetsFrom(gop: PacketizedGop, frameIndex: number): number {
  let packets = 0
  for (let i = frameIndex; i < gop.frames.length; i++) packets += gop.frames[i]!.payloads.length
  return packets
}
