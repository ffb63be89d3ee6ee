import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createConnectionRanking } from '../../../src/lib/metrics/connection-ranking.ts'

/** Notes all and says who has series. */
const shown = (ranking: ReturnType<typeof createConnectionRanking>, scores: Record<string, number | undefined>) =>
  Object.entries(scores).flatMap(([id, score]) => (ranking.note(id, score) ? [id] : []))

describe('the connections that have series of their own', () => {
  it('are all while there is room', () => {
    const ranking = createConnectionRanking(3)
    expect(shown(ranking, { a: 100, b: 10, c: undefined })).toEqual(['a', 'b', 'c'])
    expect(ranking.rank()).toEqual([])
    expect(ranking.capped).toBe(0)
  })

  it('are those with the worst health, the unknown before them, once there are more', () => {
    const ranking = createConnectionRanking(2)
    const scores = { well: 100, fair: 80, bad: 20, unknown: undefined }
    expect(shown(ranking, scores)).toEqual(['well', 'fair'])
    expect(ranking.rank().toSorted()).toEqual(['fair', 'well'])
    expect(shown(ranking, scores)).toEqual(['bad', 'unknown'])
    expect(ranking.capped).toBe(2)
  })

  it('keep their place against an equal, and against one that is hardly worse', () => {
    const ranking = createConnectionRanking(1)
    shown(ranking, { a: 80, b: 80 })
    expect(ranking.rank()).toEqual([])
    expect(shown(ranking, { a: 80, b: 76 })).toEqual(['a'])
    expect(ranking.rank()).toEqual([])
    shown(ranking, { a: 80, b: 70 })
    expect(ranking.rank()).toEqual(['a'])
    expect(shown(ranking, { a: 80, b: 80 })).toEqual(['b'])
  })

  it('are followed by others when they leave', () => {
    const ranking = createConnectionRanking(1)
    shown(ranking, { a: 80, b: 90, c: 95 })
    ranking.forget('a')
    expect(shown(ranking, { b: 90, c: 95 })).toEqual([])
    expect(ranking.rank()).toEqual([])
    expect(shown(ranking, { b: 90, c: 95 })).toEqual(['b'])
    ranking.forget('b')
    expect(shown(ranking, { c: 95 })).toEqual(['c'])
  })

  it('are never more than allowed, and change only at a ranking or by leaving', () => {
    const step = fc.oneof(
      fc.record({ id: fc.integer({ min: 0, max: 9 }), score: fc.option(fc.integer({ min: 0, max: 100 })) }),
      fc.record({ leaves: fc.integer({ min: 0, max: 9 }) }),
      fc.constant('rank' as const),
    )
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const ranking = createConnectionRanking(max)
        const open = new Map<string, boolean>()
        for (const step of steps) {
          if (step === 'rank') for (const id of ranking.rank()) open.set(id, false)
          else if ('leaves' in step) {
            ranking.forget(String(step.leaves))
            open.delete(String(step.leaves))
          } else {
            const id = String(step.id)
            const now = ranking.note(id, step.score ?? undefined)
            if (open.get(id)) expect(now).toBe(true)
            open.set(id, now)
          }
          expect([...open.values()].filter(Boolean).length).toBeLessThanOrEqual(max)
          expect(open.size - ranking.capped).toBeLessThanOrEqual(max)
        }
      }),
      { seed: 7, numRuns: 300 },
    )
  })
})
