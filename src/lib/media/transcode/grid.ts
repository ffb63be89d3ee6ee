// The grid of segments: which decoded frames are encoded, at what time, and which of them start a segment. Pure.

/** Containers round times (Matroska to 1 ms): a frame this little before a segment belongs to it. */
const toleranceS = 0.0015
/** A segment whose first frame begins later than this starts with a repeat of the one before. */
const heldS = 0.05

/** The segment of the grid in which `timeS` falls. */
export function segmentAt(timeS: number, segmentS: number): number {
  return Math.max(0, Math.floor((timeS + toleranceS) / segmentS))
}

/** One picture to encode: the decoded frame at hand, or the one before it, which is still shown. */
export interface Pick {
  readonly which: 'current' | 'previous'
  readonly timeS: number
  readonly isKey: boolean
}

export interface FrameGridOptions {
  readonly segmentS: number
  readonly from: number
  /** Upper bound; a slower source keeps its own times. */
  readonly frameRate: number
  /** Of the source, where known. */
  readonly sourceFrameRate?: number
}

interface FrameGrid {
  /** What to encode when a frame shown from `timeS` on comes out of the decoder. Lazy: a long still gives a pick a segment. */
  picks(timeS: number): Iterable<Pick>
  /** What remains after the last frame, which is shown until `endS`: repeats of it. A rest that is hardly seen gives none. */
  rest(endS: number): Iterable<Pick>
}

/**
 * A segment always starts with a key frame. Where no frame begins there, because the source is slow, has a gap or begins late,
 * the one that is shown then is repeated. Times rise strictly; what does not is dropped.
 */
export function createFrameGrid(options: FrameGridOptions): FrameGrid {
  const { segmentS, from, frameRate, sourceFrameRate } = options
  const slots = sourceFrameRate === undefined || sourceFrameRate > frameRate * 1.1 ? frameRate : undefined
  let next = from
  let lastS = Number.NEGATIVE_INFINITY
  let lastSlot = Number.NEGATIVE_INFINITY
  let seen = false

  function* repeatsUntil(segment: number, which: Pick['which']): Generator<Pick> {
    while (next < segment) {
      lastS = next * segmentS
      yield { which, timeS: next++ * segmentS, isKey: true }
    }
  }

  return {
    *picks(timeS) {
      const which = seen ? 'previous' : 'current'
      seen = true
      const segment = Math.floor((timeS + toleranceS) / segmentS)
      if (segment < from || timeS <= lastS) return
      yield* repeatsUntil(timeS - segment * segmentS > heldS ? segment + 1 : segment, which)
      const slot = slots === undefined ? lastSlot + 1 : Math.floor(timeS * slots + 0.25)
      const isKey = segment >= next
      if (!isKey && slots !== undefined && slot <= lastSlot) return
      if (timeS <= lastS) return
      if (isKey) next = segment + 1
      lastS = timeS
      lastSlot = slots === undefined ? lastSlot : slot
      yield { which: 'current', timeS: Math.max(0, timeS), isKey }
    },
    *rest(endS) {
      if (seen) yield* repeatsUntil(Math.ceil((endS - heldS) / segmentS), 'previous')
    },
  }
}
