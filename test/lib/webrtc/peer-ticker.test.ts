// A few timers for many peers.
import { describe, expect, it } from 'vitest'
import { everyTick } from '../../../src/lib/webrtc/peer-ticker.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('a shared tick', () => {
  it('calls each every 20 ms, until it has left', () => {
    const clock = new FakeClock(0)
    const calls: string[] = []
    const first = everyTick(clock, () => calls.push(`a ${clock.now()}`))
    clock.advance(8)
    const second = everyTick(clock, () => calls.push(`b ${clock.now()}`))
    clock.advance(40)
    expect(calls).toEqual(['a 20', 'b 28', 'a 40', 'b 48'])
    first.cancel()
    clock.advance(20)
    expect(calls.slice(4)).toEqual(['b 68'])
    second.cancel()
    expect(clock.pendingTimers).toBe(0)
  })

  it('takes five timers for a hundred peers, which share them evenly', () => {
    const clock = new FakeClock(0)
    const at = new Map<number, number>()
    const timers = Array.from({ length: 100 }, () => {
      clock.advance(1)
      return everyTick(clock, () => at.set(clock.now() % 20, (at.get(clock.now() % 20) ?? 0) + 1))
    })
    expect(clock.pendingTimers).toBe(5)
    at.clear()
    clock.advance(20)
    expect([...at.values()]).toEqual([20, 20, 20, 20, 20])
    for (const timer of timers) timer.cancel()
    expect(clock.pendingTimers).toBe(0)
  })

  it('is another one on another clock', () => {
    const [one, other] = [new FakeClock(0), new FakeClock(0)]
    let calls = 0
    const timer = everyTick(one, () => calls++)
    other.advance(100)
    expect(calls).toBe(0)
    one.advance(40)
    expect(calls).toBe(2)
    timer.cancel()
  })
})
