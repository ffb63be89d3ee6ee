// The GOPs of one feed ahead of a playhead: pulls them in before they are needed, bounded in seconds and bytes.
import type { PacketizedFrame, PacketizedGop } from '../../model/frame.ts'
import type { GopFeed } from './feed.ts'

/** How much to hold ahead. Shared by the queues of a viewer. */
export interface BufferTarget {
  /** Media seconds to hold ahead of the playhead. */
  bufferS: number
  /** 0-1: refill starts when less than this share of bufferS is left. */
  thresholdRatio: number
  /** No further GOP is asked for while the held ones are larger than this. */
  maxBytes: number
}

export const defaultBufferTarget: Readonly<BufferTarget> = { bufferS: 4, thresholdRatio: 0.75, maxBytes: 16 * 2 ** 20 }

export interface GopQueueEvents {
  /** Something arrived, the end was found, or a load failed. */
  onChange(): void
  /** A load failed; said once, the queue loads no more. */
  onError(error: unknown): void
}

export class GopQueue {
  readonly feed: GopFeed
  /** The GOP that plays (kept until the next one begins, for replays), then those ahead of it. */
  readonly gops: PacketizedGop[] = []
  /** Index of the next frame in `gops[0]`; its length when all were taken. */
  frameIndex = 0
  /** The last GOP has been loaded. */
  complete = false
  failed = false
  readonly #target: BufferTarget
  readonly #events: GopQueueEvents
  readonly #abort = new AbortController()
  #loading = false
  #filling = true
  #byteLength = 0

  constructor(feed: GopFeed, startS: number, target: BufferTarget, events: GopQueueEvents) {
    this.feed = feed
    this.#target = target
    this.#events = events
    void this.#load(feed.gopAt(startS, this.#abort.signal))
  }

  /** True when the first GOP is here, or never will be. */
  get isReady(): boolean {
    return this.gops.length > 0 || this.complete
  }

  get isLoading(): boolean {
    return this.#loading
  }

  /** Media time up to which frames are here. */
  get endS(): number {
    return this.gops.at(-1)?.endS ?? 0
  }

  /** Seconds that are here and were not taken. */
  get aheadS(): number {
    const next = this.peek()
    return next ? Math.max(0, this.endS - next.timeS) : 0
  }

  get aheadFrames(): number {
    let frames = -this.frameIndex
    for (const gop of this.gops) frames += gop.frames.length
    return Math.max(0, frames)
  }

  /** All frames of the content were taken. */
  get isOver(): boolean {
    return this.complete && this.peek() === undefined
  }

  /** The next frame, or undefined when none is here. */
  peek(): PacketizedFrame | undefined {
    while (this.gops.length > 1 && this.frameIndex >= this.gops[0]!.frames.length) this.dropGop()
    return this.gops[0]?.frames[this.frameIndex]
  }

  take(): void {
    this.frameIndex++
    this.pump()
  }

  /** Forgets the first GOP; the next one begins at its first frame. */
  dropGop(): void {
    this.#byteLength -= this.gops.shift()?.byteLength ?? 0
    this.frameIndex = 0
    this.pump()
  }

  /** Passes over the rest of the current GOP. */
  skipGop(): void {
    this.frameIndex = this.gops[0]?.frames.length ?? 0
    this.pump()
  }

  /** Moves to the first frame at or after `timeS` among those that are here. */
  skipTo(timeS: number): void {
    for (let frame = this.peek(); frame && frame.timeS < timeS; frame = this.peek()) this.frameIndex++
    this.pump()
  }

  /** Asks for the next GOP when the buffer calls for it. Cheap when it does not. */
  pump(): void {
    const last = this.gops.at(-1)
    if (this.#loading || this.complete || this.failed || last === undefined || this.#abort.signal.aborted) return
    const next = this.gops[0]!.frames[this.frameIndex]
    const aheadS = this.gops.length === 1 && !next ? 0 : last.endS - (next?.timeS ?? this.gops[1]!.startS)
    if (aheadS >= this.#target.bufferS) this.#filling = false
    else if (aheadS < this.#target.bufferS * this.#target.thresholdRatio) this.#filling = true
    if (!this.#filling || (this.#byteLength >= this.#target.maxBytes && aheadS > 0)) return
    void this.#load(this.feed.gopAfter(last, this.#abort.signal))
  }

  close(): void {
    this.#abort.abort()
    this.gops.length = 0
    this.frameIndex = 0
  }

  async #load(pending: Promise<PacketizedGop | undefined>): Promise<void> {
    this.#loading = true
    try {
      const gop = await pending
      if (this.#abort.signal.aborted) return
      this.#loading = false
      this.#add(gop)
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#loading = false
      this.failed = true
      this.#events.onError(error)
    }
    this.#events.onChange()
  }

  #add(gop: PacketizedGop | undefined): void {
    this.complete = gop === undefined || gop.isLast
    if (gop === undefined) return
    this.gops.push(gop)
    this.#byteLength += gop.byteLength
    this.pump()
  }
}
