import { expect, it } from 'vitest'
import { ReportHistory, viewOf } from '../../../src/lib/worker/viewer-view.ts'

const first = viewOf({ totalFreezesDurationS: 1, framesDecoded: 100, framesDropped: 0 }, 10_000, undefined)

it('a first report has no ratios', () => {
  expect(first).toEqual({ totalFreezesDurationS: 1, framesDecoded: 100, framesDropped: 0, atMs: 10_000 })
})

it('the next one says how much of the time since was frozen, and how many of the frames were dropped', () => {
  const next = viewOf({ totalFreezesDurationS: 1.5, framesDecoded: 145, framesDropped: 5 }, 12_000, first)
  expect(next).toMatchObject({ frozenRatio: 0.25, droppedRatio: 0.1, atMs: 12_000 })
})

it('a freeze longer than the time between two reports is all of it, and no frames are none dropped', () => {
  const next = viewOf({ totalFreezesDurationS: 9, framesDecoded: 100, framesDropped: 0 }, 12_000, first)
  expect(next).toMatchObject({ frozenRatio: 1, droppedRatio: 0 })
})

it('what goes back or is not said has no ratio', () => {
  expect(viewOf({ totalFreezesDurationS: 0 }, 12_000, first)).not.toHaveProperty('frozenRatio')
  expect(viewOf({ framesDropped: 2 }, 12_000, first)).not.toHaveProperty('droppedRatio')
  expect(viewOf({ totalFreezesDurationS: 2 }, 10_000, first)).not.toHaveProperty('frozenRatio')
})

it('what was held up on the way and comes at once is held against what came before all of it', () => {
  const history = new ReportHistory()
  const at = (atMs: number, totalFreezesDurationS: number) => history.take({ totalFreezesDurationS }, atMs).frozenRatio
  expect([at(10_000, 0), at(12_000, 0)]).toEqual([undefined, 0])
  // The server stood still for six seconds, and the picture with it.
  expect([at(18_000, 2), at(18_001, 4), at(18_002, 6)]).toEqual([2 / 6, 4 / 6.001, 6 / 6.002])
  expect([at(20_000, 6), at(22_000, 7)]).toEqual([0, 0.5])
})

it('who reports more often than it should is held against the last second', () => {
  const history = new ReportHistory()
  const ratios = Array.from({ length: 20 }, (_, i) => history.take({ totalFreezesDurationS: i * 0.05 }, i * 100))
  expect(ratios.at(-1)!.frozenRatio).toBeCloseTo(0.5)
})
