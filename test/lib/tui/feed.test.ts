import { describe, expect, it } from 'vitest'
import { createFeed } from '../../../src/lib/tui/feed.ts'
import { createTrails } from '../../../src/lib/tui/trails.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { connection, liveState, sampleAt, startedAtMs } from '../../support/live-state.ts'

describe('the feed of the screen', () => {
  it('shows the first state at once, then no more than one an interval, and the link at once', () => {
    const clock = new FakeClock()
    const feed = createFeed({ clock, intervalMs: 1000 })
    let shown = 0
    feed.subscribe(() => shown++)
    feed.tell(liveState([connection('a')]))
    expect([shown, feed.get().state?.connections.length]).toEqual([1, 1])
    for (let i = 0; i < 5; i++) {
      clock.advance(100)
      feed.tell(liveState([connection('a'), connection('b')]))
    }
    expect([shown, feed.get().state?.connections.length]).toEqual([1, 1])
    clock.advance(500)
    expect([shown, feed.get().state?.connections.length]).toEqual([2, 2])
    feed.link({ kind: 'gone', sinceMs: 0, reason: 'x\u001B[2J' })
    expect(feed.get().link).toEqual({ kind: 'gone', sinceMs: 0, reason: 'x�[2J' })
    feed.tell(liveState([]))
    feed.close()
    expect(clock.pendingTimers).toBe(0)
  })

  it('keeps a change that comes before any state out, and hostile texts harmless', () => {
    const feed = createFeed({ clock: new FakeClock(), intervalMs: 1000 })
    const { version: _, server: __, ...lists } = liveState([connection('a', { content: '\u001B]0;x\u0007\u202Egpj' })])
    feed.tell({ ...lists, type: 'change', gone: [] })
    expect(feed.get().state).toBeUndefined()
    feed.tell(liveState([]))
    feed.link({ kind: 'live' })
    feed.tell({ ...lists, type: 'change', gone: [] })
    feed.link({ kind: 'live' })
    expect(feed.get().state?.connections[0]?.content).toBe('�]0;x�gpj')
  })
})

describe('trails', () => {
  it('keep each sample once, so many, and only of connections that are listed', () => {
    const trails = createTrails()
    for (let i = 0; i < 400; i++)
      for (let again = 0; again < 2; again++)
        trails.add([connection('a', { sample: sampleAt(startedAtMs + i * 2000) }), connection('b')])
    const { id } = connection('a')
    expect(trails.of(id, Number.POSITIVE_INFINITY)).toHaveLength(300)
    expect(trails.of(id, startedAtMs + 399 * 2000 - 1)).toHaveLength(299)
    expect(trails.of(connection('b').id, Number.POSITIVE_INFINITY)).toHaveLength(1)
    trails.add([])
    expect(trails.of(id, Number.POSITIVE_INFINITY)).toEqual([])
  })
})
