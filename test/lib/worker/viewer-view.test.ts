import { expect, it } from 'vitest'
import { viewOf } from '../../../src/lib/worker/viewer-view.ts'

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
