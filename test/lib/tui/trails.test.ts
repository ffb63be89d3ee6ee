import { expect, it } from 'vitest'
import { createTrails } from '../../../src/lib/tui/trails.ts'
import { bareConnection, connection, sampleAt } from '../../support/live-state.ts'

const id = connection('a').id
const at = (atMs: number, name = 'a') => connection(name, { sample: sampleAt(atMs) })
const times = (trails: ReturnType<typeof createTrails>, untilMs = Number.POSITIVE_INFINITY) =>
  trails.of(id, untilMs).map(({ atMs }) => atMs)

it('a trail has each sample once, oldest first, and none that came late', () => {
  const trails = createTrails()
  for (const atMs of [10, 20, 20, 15, 30]) trails.add([at(atMs)])
  expect(times(trails)).toEqual([10, 20, 30])
})

it('a trail ends at the moment that is looked at', () => {
  const trails = createTrails()
  for (const atMs of [10, 20, 30]) trails.add([at(atMs)])
  expect([9, 20, 25].map((untilMs) => times(trails, untilMs))).toEqual([[], [10, 20], [10, 20]])
})

it('a trail is of ten minutes at the most', () => {
  const trails = createTrails()
  for (let second = 0; second < 1000; second += 2) trails.add([at(second)])
  expect([times(trails).length, times(trails)[0], times(trails).at(-1)]).toEqual([300, 400, 998])
})

it('a connection that is listed no more is forgotten, one without a sample has no trail', () => {
  const trails = createTrails()
  trails.add([at(10), at(10, 'b')])
  trails.add([at(20, 'b')])
  expect(times(trails)).toEqual([])
  trails.add([at(30), bareConnection('c')])
  expect(times(trails)).toEqual([30])
  expect(trails.of(bareConnection('c').id, 100)).toEqual([])
})
