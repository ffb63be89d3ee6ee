import { describe, expect, it } from 'vitest'
import { createWatchdog } from '../../../src/lib/engine/watchdog.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const patience = { ticks: 3, startTicks: 8 }

describe('a watchdog', () => {
  it('waits longer for the first word', () => {
    const clock = new FakeClock()
    let barks = 0
    createWatchdog(clock, patience, () => barks++)
    clock.advance(7999)
    expect(barks).toBe(0)
    clock.advance(1)
    expect(barks).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('barks once after the given seconds of silence', () => {
    const clock = new FakeClock()
    let barks = 0
    const watchdog = createWatchdog(clock, patience, () => barks++)
    watchdog.heard()
    clock.advance(2999)
    expect(barks).toBe(0)
    clock.advance(10_000)
    expect(barks).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is quiet as long as something is heard', () => {
    const clock = new FakeClock()
    let barks = 0
    const watchdog = createWatchdog(clock, patience, () => barks++)
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
