// Frames and the freezes between them, as W3C webrtc-stats defines them. Time in, numbers out.

export interface FrameStats {
  readonly framesReceived: number
  readonly keyFramesReceived: number
  /** Milliseconds on the clock of the caller. */
  readonly firstFrameAtMs?: number
  /** W3C freezeCount: gaps of at least max(3 × mean, mean + 150 ms), the mean over the last 30 frames. */
  readonly freezeCount: number
  readonly totalFreezesS: number
}

const meanOver = 30

/** Counts the frames of one video stream and the freezes between them. */
export function createFrameCounter() {
  const gapsMs: number[] = []
  let lastAtMs: number | undefined
  let firstFrameAtMs: number | undefined
  let framesReceived = 0
  let keyFramesReceived = 0
  let freezeCount = 0
  let totalFreezesS = 0

  function measureGap(gapMs: number): void {
    if (gapsMs.length > 0) {
      const meanMs = gapsMs.reduce((sum, gap) => sum + gap, 0) / gapsMs.length
      if (gapMs >= Math.max(3 * meanMs, meanMs + 150)) {
        freezeCount++
        totalFreezesS += gapMs / 1000
      }
    }
    gapsMs.push(gapMs)
    if (gapsMs.length > meanOver) gapsMs.shift()
  }

  return {
    add(nowMs: number, isKey: boolean): void {
      framesReceived++
      if (isKey) keyFramesReceived++
      firstFrameAtMs ??= nowMs
      if (lastAtMs !== undefined) measureGap(nowMs - lastAtMs)
      lastAtMs = nowMs
    },
    /** The stream pauses or jumps on purpose: the gap that follows is no freeze. */
    interrupt(): void {
      lastAtMs = undefined
    },
    get stats(): FrameStats {
      const first = firstFrameAtMs === undefined ? {} : { firstFrameAtMs }
      return { framesReceived, keyFramesReceived, freezeCount, totalFreezesS, ...first }
    },
  }
}
