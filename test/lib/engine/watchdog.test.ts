import { describe, expect, it } from 'vitest'
import { createWatchdog } from '../../../src/lib/engine/watchdog.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('a watchdog', () => {
  it('barks once after the given seconds of silence', () => {
    const clock = new FakeClock()
    let barks = 0
    createWatchdog(clock, 3, () => barks++)
    clock.advance(2999)
    expect(barks).toBe(0)
    clock.advance(10_000)
    expect(barks).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is quiet as long as something is heard', () => {
    const clock = new FakeClock()
    let barks = 0
    const watchdog = createWatchdog(clock, 3, () => barks++)
    for (let second = 0; second < 20; second++) {
      clock.advance(1000)
      watchdog.heard()
    }
    expect(barks).toBe(0)
    watchdog.stop()
    clock.advance(10_000)
    expect(barks).toBe(0)
  })
})
