import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../src/lib/base/random.ts'
import { reportOutput } from '../../../src/lib/protocol/report.ts'
import { buildReport, meansOf } from '../../../src/lib/report/build-report.ts'
import { type ConnectionMeans, compare } from '../../../src/lib/report/compare.ts'
import { renderComparison } from '../../../src/lib/report/index.ts'
import { sumsOf } from '../../support/history-rows.ts'

const fromMs = Date.parse('2026-05-04T12:00:00Z')
const empty = buildReport(
  {
    connections: [],
    samples: sumsOf([], { fromMs, toMs: fromMs + 1 }),
    events: [],
    decisions: [],
    operations: [],
    damaged: [],
  },
  { fromMs, toMs: fromMs + 60_000, nowMs: fromMs + 60_000 },
)
const against = (a: ConnectionMeans, b: ConnectionMeans) =>
  compare({ report: empty, means: a }, { report: empty, means: b }).differences

/** Values around a middle that go up and down evenly. */
const around = (middle: number, count = 20) => Array.from({ length: count }, (_, at) => middle + (at % 5) - 2)

describe('a comparison', () => {
  it('calls a clear change what it is for the figure', () => {
    expect(against({ startup: around(300) }, { startup: around(500) }).startup).toMatchObject({
      a: 300,
      b: 500,
      difference: 200,
      counts: [20, 20],
      verdict: 'worse',
    })
    expect(against({ health: around(50) }, { health: around(80) }).health?.verdict).toBe('better')
    expect(against({ loss: around(8) }, { loss: around(3) }).loss?.verdict).toBe('better')
    expect(against({ bitrate: around(800) }, { bitrate: around(900) }).bitrate?.verdict).toBe('different')
  })

  it('shows no difference between what is the same, and says nothing of too few', () => {
    expect(against({ rtt: around(50) }, { rtt: around(50) }).rtt?.verdict).toBe('no difference shown')
    expect(against({ rtt: around(50, 4) }, { rtt: around(500) }).rtt).toMatchObject({
      difference: 450.5,
      low: null,
      verdict: 'too few connections',
    })
    expect(against({}, { rtt: around(50) }).rtt).toMatchObject({ a: null, b: 50, difference: null })
    expect(against({}, {})).toEqual({})
  })

  it('has the difference of the means in its interval, the same each time, and turned round when A and B are', () => {
    const values = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 5, maxLength: 40 })
    fc.assert(
      fc.property(values, values, (a, b) => {
        const one = against({ rtt: a }, { rtt: b }).rtt!
        expect(one).toEqual(against({ rtt: a }, { rtt: b }).rtt)
        expect(one.low!).toBeLessThanOrEqual(one.high!)
        expect(one.difference!).toBeGreaterThanOrEqual(one.low! - 1e-6)
        expect(one.difference!).toBeLessThanOrEqual(one.high! + 1e-6)
        const turned = against({ rtt: b }, { rtt: a }).rtt!
        expect(turned.difference!).toBeCloseTo(-one.difference!, 6)
        if (one.verdict === 'better' && turned.low! > 0) expect(turned.verdict).toBe('worse')
      }),
      { numRuns: 60, seed: 5 },
    )
  })

  it('finds a difference that is none in about one case of twenty', () => {
    const random = seeded(7)
    const draw = () => Array.from({ length: 30 }, () => 100 + 20 * (random() + random() + random() - 1.5))
    const cases = 200
    const found = Array.from({ length: cases }, () => against({ rtt: draw() }, { rtt: draw() }).rtt!.verdict)
    const wrong = found.filter((verdict) => verdict !== 'no difference shown').length
    expect(wrong / cases).toBeGreaterThan(0)
    expect(wrong / cases).toBeLessThan(0.11)
  })

  it('counts a connection once, however many samples it has', () => {
    const sample = (connection: string, round_trip_ms: number) => ({ connection, at_ms: fromMs, round_trip_ms })
    const samples = [...Array.from({ length: 9 }, () => sample('long', 10)), sample('short', 30)]
    const connections = [
      { id: 'long', first_frame_ms: 200 },
      { id: 'short', first_frame_ms: null },
    ]
    const means = meansOf({
      connections,
      samples: sumsOf(samples, { fromMs, toMs: fromMs + 1 }),
      events: [],
      decisions: [],
      operations: [],
      damaged: [],
    })
    expect(means).toMatchObject({ rtt: [10, 30], startup: [200], loss: [] })
  })

  it('is JSON, or a page that loads nothing, and no CSV', async () => {
    const made = compare({ report: empty, means: { rtt: around(50) } }, { report: empty, means: { rtt: around(90) } })
    expect(reportOutput.parse(JSON.parse(await renderComparison(made, [], 'json')))).toMatchObject({
      version: 1,
      a: {},
      b: {},
    })
    const html = await renderComparison(made, [{ threshold: '<b>', passed: false }], 'html')
    expect(html).toContain('<span class="bad">worse</span>')
    expect(html).not.toContain('<b>&')
    expect(html).toContain('&lt;b&gt;')
    expect(html).not.toMatch(/(src|href)="?https?:/)
    await expect(renderComparison(made, [], 'csv')).rejects.toThrow('--compare has no CSV form')
  })
})
