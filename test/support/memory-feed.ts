// A GopFeed out of memory for playback tests: frames of known times and sizes, loads that take as long as the test says.
import { type Clock, delay } from '../../src/lib/base/clock.ts'
import type { PacketizedFrame, PacketizedGop } from '../../src/lib/model/frame.ts'
import type { MediaKind } from '../../src/lib/model/track.ts'

export interface MemoryFeedOptions {
  readonly kind: MediaKind
  readonly durationS: number
  readonly gopS?: number
  readonly frameS?: number
  readonly packetBytes?: number
  /** Packets of a key frame and of the others. */
  readonly keyPackets?: number
  readonly deltaPackets?: number
  /** GOPs longer than this come in pieces. */
  readonly pieceS?: number
  /** How long a load takes. */
  readonly loadMs?: () => number
  readonly clock?: Clock
  /** Goes into the first byte of each video payload, to tell rungs apart. */
  readonly mark?: number
}

export class MemoryFeed {
  readonly durationS: number
  readonly gops: readonly PacketizedGop[]
  loads = 0
  aborted = 0
  /** Loads reject with this while it is set. */
  failure: Error | undefined
  readonly #options: MemoryFeedOptions

  constructor(options: MemoryFeedOptions) {
    this.#options = options
    this.durationS = options.durationS
    this.gops = makeGops(options)
  }

  async gopAt(timeS: number, signal: AbortSignal): Promise<PacketizedGop> {
    await this.#load(signal)
    return this.gops.findLast((gop) => gop.startS <= timeS && !gop.continues) ?? this.gops[0]!
  }

  async gopAfter(gop: PacketizedGop, signal: AbortSignal): Promise<PacketizedGop | undefined> {
    await this.#load(signal)
    return this.gops.find((next) => next.startS > gop.startS)
  }

  async #load(signal: AbortSignal): Promise<void> {
    this.loads++
    const loadMs = this.#options.loadMs?.() ?? 0
    try {
      if (loadMs > 0 && this.#options.clock) await delay(this.#options.clock, loadMs, signal)
      signal.throwIfAborted()
    } catch (error) {
      this.aborted++
      throw error
    }
    if (this.failure) throw this.failure
  }
}

const opus20ms = 0xf8

function makeGops(options: MemoryFeedOptions): PacketizedGop[] {
  const { kind, durationS, gopS = 1 } = options
  const frameS = options.frameS ?? (kind === 'video' ? 1 / 30 : 0.02)
  const total = Math.round(durationS / frameS)
  const perGop = Math.round(gopS / frameS)
  const gops: PacketizedGop[] = []
  for (let first = 0; first < total; first += perGop) {
    const end = Math.min(total, first + perGop)
    const frames = Array.from({ length: end - first }, (_, i) => makeFrame(options, frameS, first + i, i === 0))
    const perPiece = Math.round((options.pieceS ?? gopS) / frameS)
    for (let from = 0; from < frames.length; from += perPiece) {
      const piece = frames.slice(from, from + perPiece)
      const endIndex = first + from + piece.length
      gops.push({
        startS: (first + from) * frameS,
        endS: endIndex * frameS,
        frames: piece,
        byteLength: piece.reduce((sum, frame) => sum + frame.byteLength, 0),
        continues: from > 0,
        isLast: endIndex === total,
      })
    }
  }
  return gops
}

function makeFrame(options: MemoryFeedOptions, frameS: number, index: number, isKey: boolean): PacketizedFrame {
  const { kind, packetBytes = kind === 'video' ? 1100 : 120, keyPackets = 12, deltaPackets = 3, mark = 1 } = options
  const count = kind === 'audio' ? 1 : isKey ? keyPackets : deltaPackets
  const payloads = Array.from({ length: count }, () => {
    const payload = new Uint8Array(packetBytes)
    payload[0] = kind === 'audio' ? opus20ms : mark
    return payload
  })
  return {
    timeS: index * frameS,
    durationS: frameS,
    isKey: isKey || kind === 'audio',
    payloads,
    byteLength: count * packetBytes,
  }
}
