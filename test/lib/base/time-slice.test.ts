import { describe, expect, it } from 'vitest'
import { createTimeSlice } from '../../../src/lib/base/time-slice.ts'

function start() {
  let nowMs = 0
  const next: (() => void)[] = []
  const slice = createTimeSlice({ now: () => nowMs, next: (run) => next.push(run) })
  return { slice, work: (ms: number) => (nowMs += ms), turn: () => next.shift()?.(), waiting: next }
}

describe('long work', () => {
  it('goes on while there is time left, then waits for its turn', async () => {
    const { slice, work, turn } = start()
    work(9)
    expect(slice.turn()).toBeUndefined()
    work(1)
    const wait = slice.turn()
    expect(wait).toBeInstanceOf(Promise)
    work(50)
    turn()
    await wait
    expect(slice.turn()).toBeUndefined()
  })

  it('of several goes on one at a time, with a turn of the others between', async () => {
    const { slice, work, turn, waiting } = start()
    work(10)
    const done: string[] = []
    for (const name of ['a', 'b', 'c']) slice.turn()!.then(() => done.push(name))
    for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      turn()
      await Promise.resolve()
      expect(done).toEqual(expected)
    }
    expect(waiting).toHaveLength(0)
  })
})
