import { expect, test } from 'vitest'
import { createTicker, type Ticked, tickMs } from '../../../../src/lib/media/playback/ticker.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

function setUp() {
  const clock = new FakeClock()
  const errors: unknown[] = []
  const ticker = createTicker({ clock, onError: (_viewer, error) => errors.push(error) })
  const viewer = (onTick: () => unknown = () => {}) => {
    const times: number[] = []
    const ticked: Ticked = {
      tick(nowMs) {
        times.push(nowMs)
        onTick()
      },
    }
    return { times, remove: ticker.add(ticked) }
  }
  return { clock, errors, ticker, viewer }
}

test('every viewer is ticked every 4 ms on a grid, and no timer is left without viewers', () => {
  const { clock, viewer } = setUp()
  const [one, two] = [viewer(), viewer()]
  clock.advance(1000)
  expect(one.times).toHaveLength(250)
  expect(two.times).toEqual(one.times)
  expect(one.times.every((atMs) => atMs % 4 === 0)).toBe(true)
  one.remove()
  clock.advance(100)
  expect(one.times).toHaveLength(250)
  expect(two.times).toHaveLength(275)
  two.remove()
  clock.advance(10)
  expect(clock.pendingTimers).toBe(0)
})

test('each tick begins with another viewer, so that nobody is always the last', () => {
  const { clock, viewer } = setUp()
  const order: string[] = []
  for (const name of ['a', 'b', 'c']) viewer(() => order.push(name))
  clock.advance(3 * tickMs)
  const ticks = [order.slice(0, 3), order.slice(3, 6), order.slice(6, 9)]
  expect(ticks.map((names) => names.toSorted().join(''))).toEqual(['abc', 'abc', 'abc'])
  expect(ticks.map(([first]) => first).toSorted()).toEqual(['a', 'b', 'c'])
})

test('a stall is marked, and its missed ticks are skipped', () => {
  const { clock, ticker, viewer } = setUp()
  const { times } = viewer()
  clock.advance(100)
  expect(ticker.stalledWithin(1e9)).toBe(false)
  clock.stall(300)
  clock.advance(100)
  expect(times.length).toBeLessThanOrEqual(25 + 1 + 25)
  expect(ticker.stats()).toMatchObject({ stalls: 1, maxStallMs: 300 - tickMs })
  expect(ticker.stalledWithin(100)).toBe(true)
  expect(ticker.stalledWithin(99)).toBe(false)
  expect(times.at(-1)! % tickMs).toBe(0)
})

test('a viewer that throws or leaves during its tick does not disturb the others', () => {
  const { clock, errors, viewer } = setUp()
  const failure = new Error('broken')
  viewer(() => {
    throw failure
  })
  const leaver = viewer(() => leaver.remove())
  const { times } = viewer()
  clock.advance(10 * tickMs)
  expect(errors).toHaveLength(10)
  expect(leaver.times).toHaveLength(1)
  expect(times.length).toBeGreaterThanOrEqual(9)
})

test('stop ends it, and it can be used again', () => {
  const { clock, ticker, viewer } = setUp()
  const first = viewer()
  ticker.stop()
  clock.advance(5 * tickMs)
  expect(first.times).toEqual([])
  const second = viewer()
  clock.advance(5 * tickMs)
  expect(second.times).toHaveLength(5)
})

test('ticks on time between the pieces of other work when asked, once for each deadline', () => {
  const { clock, ticker, viewer } = setUp()
  const { times } = viewer()
  clock.advance(5 * tickMs)
  const before = times.length
  for (let piece = 0; piece < 10 * tickMs; piece++) {
    clock.stall(1)
    ticker.tickIfDue()
  }
  expect(times.slice(before)).toHaveLength(10)
  clock.advance(5 * tickMs)
  expect(times.slice(before)).toHaveLength(15)
  expect(ticker.stats()).toMatchObject({ stalls: 0 })
})

test('asking during a tick, or without viewers, does nothing', () => {
  const { clock, ticker, viewer } = setUp()
  ticker.tickIfDue()
  const { times } = viewer(() => {
    clock.stall(2 * tickMs)
    ticker.tickIfDue()
  })
  clock.advance(tickMs)
  expect(times).toHaveLength(1)
})
