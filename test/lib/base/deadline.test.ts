import { describe, expect, it } from 'vitest'
import { withDeadline } from '../../../src/lib/base/deadline.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const late = () => new Error('too late')
const never = () => new Promise<never>(() => {})

describe('a deadline', () => {
  it('gives the result and leaves no timer behind', async () => {
    const clock = new FakeClock()
    expect(await withDeadline(clock, 100, undefined, async () => 'done', late)).toBe('done')
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends a wait that does not listen, and tells one that does', async () => {
    const clock = new FakeClock()
    let seen: AbortSignal | undefined
    const listen = (signal: AbortSignal) => {
      seen = signal
      return never()
    }
    const waiting = withDeadline(clock, 100, undefined, listen, late)
    clock.advance(99)
    expect(seen?.aborted).toBe(false)
    clock.advance(1)
    await expect(waiting).rejects.toThrow('too late')
    expect(seen?.aborted).toBe(true)
  })

  it("rejects with the reason of the caller's signal", async () => {
    const clock = new FakeClock()
    const caller = new AbortController()
    const waiting = withDeadline(clock, 100, caller.signal, never, late)
    caller.abort('gone')
    await expect(waiting).rejects.toBe('gone')
    expect(clock.pendingTimers).toBe(0)
    await expect(withDeadline(clock, 100, caller.signal, never, late)).rejects.toBe('gone')
  })
})
