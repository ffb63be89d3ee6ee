// Waiting and repeating on a clock that is moved by hand, and the system's own clock as far as it differs.
import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createSystemClock, delay, every, type Timer } from '../../../src/lib/base/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('every', () => {
  it('runs once a period, first after one, until it is cancelled', () => {
    const clock = new FakeClock(0)
    const at: number[] = []
    const timer = every(clock, 100, () => at.push(clock.now()))
    clock.advance(99)
    expect(at).toEqual([])
    clock.advance(251)
    expect(at).toEqual([100, 200, 300])
    timer.cancel()
    timer.cancel()
    clock.advance(1000)
    expect(at).toHaveLength(3)
    expect(clock.pendingTimers).toBe(0)
  })

  it('goes on after a run that threw', () => {
    const clock = new FakeClock(0)
    let runs = 0
    every(clock, 10, () => {
      runs++
      throw new Error('once more')
    })
    for (const expected of [1, 2]) {
      expect(() => clock.advance(10)).toThrow('once more')
      expect(runs).toBe(expected)
    }
  })

  it('can be ended by its own run', () => {
    const clock = new FakeClock(0)
    let runs = 0
    const timer: Timer = every(clock, 10, () => {
      runs++
      timer.cancel()
    })
    clock.advance(100)
    expect(runs).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('a delay', () => {
  it('is over after its time, and leaves nothing at the signal', async () => {
    const clock = new FakeClock(0)
    const { signal } = new AbortController()
    let isOver = false
    const waiting = delay(clock, 50, signal).then(() => {
      isOver = true
    })
    await clock.advanceAsync(49)
    expect(isOver).toBe(false)
    await clock.advanceAsync(1)
    expect(isOver).toBe(true)
    await waiting
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('rejects with the reason of a signal, before or while it waits, and leaves no timer', async () => {
    const clock = new FakeClock(0)
    await expect(delay(clock, 50, AbortSignal.abort('early'))).rejects.toBe('early')
    const controller = new AbortController()
    const waiting = delay(clock, 50, controller.signal)
    controller.abort('late')
    await expect(waiting).rejects.toBe('late')
    expect(clock.pendingTimers).toBe(0)
  })
})

describe("the system's clock", () => {
  it('hands over what a timer throws, so that it ends nothing', async () => {
    const thrown = new Error('in a timer')
    const told = await new Promise((resolve) => {
      createSystemClock(resolve).after(0, () => {
        throw thrown
      })
    })
    expect(told).toBe(thrown)
  })

  it('does not run what was cancelled, and never runs backwards', async () => {
    const clock = createSystemClock((error) => {
      throw error
    })
    const startedAt = clock.now()
    const ran: string[] = []
    clock.after(0, () => ran.push('cancelled')).cancel()
    await new Promise<void>((resolve) => clock.after(1, resolve, { keepAlive: true }))
    expect(ran).toEqual([])
    expect(clock.now()).toBeGreaterThan(startedAt)
  })
})
