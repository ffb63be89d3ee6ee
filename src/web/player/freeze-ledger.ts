// Freezes as the browser counts them, less those that the viewer caused: a pause or a seek leaves a gap between two frames too.
import type { Sample } from './stats.ts'

type Freezes = Pick<Sample, 'freezeCount' | 'totalFreezesDurationS' | 'framesDecoded'>

export interface FreezeLedger {
  /** The viewer paused, went on, or went elsewhere. */
  interrupt(): void
  /** Takes a look; `isInterrupted` while the viewer wants the picture to stand still or a seek is under way. */
  add(now: Freezes, isInterrupted: boolean): { readonly freezeCount: number; readonly totalFreezesDurationS: number }
}

/** For one peer connection. */
export function createFreezeLedger(): FreezeLedger {
  let last: Freezes = { freezeCount: 0, totalFreezesDurationS: 0, framesDecoded: 0 }
  let freezeCount = 0
  let totalFreezesDurationS = 0
  let isExcused = false

  return {
    interrupt() {
      isExcused = true
    },
    add(now, isInterrupted) {
      if (isInterrupted) isExcused = true
      if (!isExcused) {
        freezeCount += Math.max(0, now.freezeCount - last.freezeCount)
        totalFreezesDurationS += Math.max(0, now.totalFreezesDurationS - last.totalFreezesDurationS)
      }
      // A gap is counted with the frame that ends it: until one has come, the excuse holds.
      if (!isInterrupted && now.framesDecoded > last.framesDecoded) isExcused = false
      last = now
      return { freezeCount, totalFreezesDurationS }
    },
  }
}
