// Who does what when in a load test.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PlannedSession, type PlanOptions, sessionsOf } from '../../../src/lib/load/plan.ts'
import { loadScenarios } from '../../../src/lib/model/load-scenario.ts'

const base: PlanOptions = {
  scenario: 'steady',
  viewers: 10,
  rampS: 5,
  durationS: 60,
  seed: 1,
  contents: ['a', 'b', 'c'],
}
const planOf = (changes: Partial<PlanOptions> = {}): PlannedSession[][] => {
  const options = { ...base, ...changes }
  return Array.from({ length: options.viewers }, (_, viewer) => [...sessionsOf(options, viewer)])
}

describe('a plan', () => {
  it.each(['steady', 'soak'] as const)('of %s has each viewer join over the ramp and stay', (scenario) => {
    const plan = planOf({ scenario })
    expect(plan.map((sessions) => sessions.map(({ beginMs, endMs }) => [beginMs, endMs]))).toEqual(
      Array.from({ length: 10 }, (_, viewer) => [[viewer * 500, 60_000]]),
    )
  })

  it('takes contents in turn', () => {
    expect(planOf({ viewers: 4 }).map(([session]) => session!.content)).toEqual(['a', 'b', 'c', 'a'])
  })

  it('of a flash crowd has all come at once', () => {
    expect(
      planOf({ scenario: 'flash-crowd' })
        .flat()
        .map(({ beginMs }) => beginMs),
    ).toEqual(Array(10).fill(0))
  })

  it('of churn has viewers leave and come again, for other content', () => {
    const [first, second] = planOf({ scenario: 'churn' })[0]!
    expect(first!.endMs).toBeGreaterThanOrEqual(5000)
    expect(second!.beginMs).toBeGreaterThan(first!.endMs)
    expect([first!.content, second!.content]).toEqual(['a', 'b'])
  })

  it('at random has all that a viewer can do', () => {
    const types = planOf({ scenario: 'random' }).flatMap((sessions) =>
      sessions.flatMap(({ actions }) => actions.map(({ type }) => type)),
    )
    expect(new Set(types)).toEqual(new Set(['quality', 'seek', 'pause', 'play']))
  })

  it('at random is another with another seed, and for each viewer', () => {
    const plan = planOf({ scenario: 'random' })
    expect(planOf({ scenario: 'random', seed: 2 })).not.toEqual(plan)
    expect(plan[1]!.map(({ actions }) => actions)).not.toEqual(plan[0]!.map(({ actions }) => actions))
  })

  const options = fc.record({
    scenario: fc.constantFrom(...loadScenarios),
    viewers: fc.integer({ min: 1, max: 20 }),
    rampS: fc.double({ min: 0, max: 300, noNaN: true }),
    durationS: fc.double({ min: 1, max: 300, noNaN: true }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    contents: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
  })

  it('is the same for the same seed, within the run, and without a viewer in two places', () => {
    fc.assert(
      fc.property(options, (asked) => {
        const plan = planOf(asked)
        expect(planOf(asked)).toEqual(plan)
        for (const [viewer, sessions] of plan.entries()) {
          expect(sessions.length).toBeGreaterThan(0)
          let afterMs = 0
          for (const session of sessions) {
            expect(session.viewer).toBe(viewer)
            expect(session.beginMs).toBeGreaterThanOrEqual(afterMs)
            expect(session.endMs).toBeGreaterThan(session.beginMs)
            expect(session.endMs).toBeLessThanOrEqual(asked.durationS * 1000)
            let actedMs = session.beginMs
            for (const { atMs } of session.actions) {
              expect(atMs).toBeGreaterThanOrEqual(actedMs)
              expect(atMs).toBeLessThan(session.endMs)
              actedMs = atMs
            }
            afterMs = session.endMs
          }
        }
      }),
    )
  })

  it('lets nobody begin so late that there is nothing to see', () => {
    fc.assert(
      fc.property(options, (asked) => {
        const endMs = asked.durationS * 1000
        const least = Math.min(2000, endMs / 2)
        for (const { beginMs } of planOf(asked).flat()) expect(endMs - beginMs).toBeGreaterThanOrEqual(least - 1e-6)
      }),
    )
  })
})
