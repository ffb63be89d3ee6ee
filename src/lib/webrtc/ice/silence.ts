// Notices that the other side of a connection has vanished without a word: ICE consent (RFC 7675) takes 30 s to see it, and until
// then media goes nowhere. Every viewer says something each few seconds: RTCP, feedback, consent checks of its own.
import { type Clock, every, type Timer } from '../../base/clock.ts'

const tickMs = 1000
const silentTicks = 10

/**
 * Calls `onChange(true)` after 10 s in which the count of packets `received` stood, and `onChange(false)` when it moves again.
 * Counts its own ticks, so that a stall of this process is no silence of others.
 */
export function watchSilence(clock: Clock, received: () => number, onChange: (isSilent: boolean) => void): Timer {
  let last = received()
  let ticks = 0
  return every(clock, tickMs, () => {
    const now = received()
    if (now === last) {
      if (++ticks === silentTicks) onChange(true)
      return
    }
    const wasSilent = ticks >= silentTicks
    last = now
    ticks = 0
    if (wasSilent) onChange(false)
  })
}
