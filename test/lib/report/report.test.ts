import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { HistoryRow } from '../../../src/lib/model/history.ts'
import { reportOutput } from '../../../src/lib/protocol/report.ts'
import { buildReport, type ReportRows } from '../../../src/lib/report/build-report.ts'
import { makeReport, render, writeWhole } from '../../../src/lib/report/index.ts'
import { judgeReport, parseReportThreshold } from '../../../src/lib/report/judge-report.ts'
import { distributionOf } from '../../../src/lib/report/statistics.ts'
import { readerOf, sumsOf } from '../../support/history-rows.ts'

const fromMs = Date.parse('2026-05-04T12:00:00Z')
const period = { fromMs, toMs: fromMs + 600_000, nowMs: fromMs + 700_000 }
const nothing: ReportRows = {
  connections: [],
  samples: sumsOf([], period),
  events: [],
  decisions: [],
  operations: [],
  damaged: [],
}

const connection = (id: string, change: HistoryRow = {}): HistoryRow => ({
  id,
  content: 'bafyfilm',
  created_at_ms: fromMs,
  connected_at_ms: fromMs + 1000,
  closed_at_ms: fromMs + 61_000,
  close_reason: 'viewer_left',
  error: null,
  codecs: 'vp9,opus',
  first_frame_ms: 300,
  freeze_count: null,
  freeze_s: null,
  underruns: 0,
  ...change,
})
const sample = (id: string, atS: number, change: HistoryRow = {}): HistoryRow => ({
  connection: id,
  at_ms: fromMs + atS * 1000,
  bitrate_bps: 1_000_000,
  loss_ratio: 0.01,
  round_trip_ms: 50,
  health: 90,
  video_quality: null,
  reasons: '',
  ...change,
})
const rows: ReportRows = {
  connections: [
    connection('good', { freeze_count: 1, freeze_s: 0.5 }),
    connection('bad', { first_frame_ms: 900, closed_at_ms: null, error: 'torn', close_reason: null }),
  ],
  samples: sumsOf(
    [
      sample('good', 2),
      sample('good', 4, { bitrate_bps: 3_000_000 }),
      sample('bad', 2, { health: 40, reasons: '−50: loss 12.0 %, −5: RTT 150 ms' }),
      sample('bad', 4, { health: 20, reasons: '{"health":[["loss",50,0.145]]}' }),
    ],
    period,
  ),
  events: [
    { type: 'error', at_ms: fromMs, connection: 'bad', details: '{"code":"MEDIA_CORRUPT","message":"torn"}' },
    { type: 'track_added', at_ms: fromMs, connection: 'bad', details: 'no json' },
  ],
  decisions: [
    {
      type: 'quality',
      at_ms: fromMs,
      connection: 'good',
      from_value: 'auto',
      to_value: 'low',
      reason: 'viewer',
      inputs: '{"loss_ratio":0.05,"round_trip_ms":null,"unknown":1}',
    },
  ],
  operations: [{ status: 'completed' }, { status: 'failed' }],
  damaged: [],
}

describe('a distribution', () => {
  it('has percentiles that were measured, in order, between least and most', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
        const { min, p50, p90, p95, p99, max, mean, count } = distributionOf(values)!
        const found = [min, p50, p90, p95, p99, max]
        expect(found).toEqual(found.toSorted((a, b) => a - b))
        for (const value of found) expect(values).toContain(value)
        expect(count).toBe(values.length)
        expect(mean).toBeGreaterThanOrEqual(min - 1e-6)
        expect(mean).toBeLessThanOrEqual(max + 1e-6)
      }),
    )
    expect(distributionOf([])).toBeUndefined()
  })
})

describe('a report', () => {
  const report = buildReport(rows, period)

  it('counts of who was there before only what happened in the period', () => {
    const older = connection('older', { created_at_ms: fromMs - 9000, freeze_count: 7, freeze_s: 3.5, underruns: 4 })
    const counted = (freeze_count: number | null, freeze_s: number | null, underruns: number) => ({
      freeze_count,
      freeze_s,
      underruns,
    })
    const samples = sumsOf(
      [
        sample('older', 2, counted(5, 2.5, 4)),
        sample('older', 4, counted(null, null, 4)),
        sample('older', 6, counted(7, 3.5, 4)),
      ],
      period,
    )
    const { summary, connections } = buildReport({ ...nothing, connections: [older], samples }, period)
    expect(connections).toMatchObject([{ freezes: 2, frozenS: 1, underruns: 0 }])
    expect(summary).toMatchObject({ freezes: 2, frozenS: 1, reporting: 1 })
    const begun = { ...older, created_at_ms: fromMs }
    expect(buildReport({ ...nothing, connections: [begun], samples }, period).summary).toMatchObject({ freezes: 7 })
  })

  it('leaves out who was there before and was measured no more: their server was killed', () => {
    const killed = connection('killed', {
      created_at_ms: fromMs - 9000,
      connected_at_ms: fromMs - 8000,
      closed_at_ms: null,
    })
    const { summary, connections } = buildReport({ ...rows, connections: [...rows.connections, killed] }, period)
    expect(summary).toEqual(report.summary)
    expect(connections).toEqual(report.connections)
    const watching = { ...nothing, connections: [killed], samples: sumsOf([sample('killed', 5)], period) }
    expect(buildReport(watching, period).summary).toMatchObject({ connections: 1, watchedS: 5 })
  })

  it('sums up the period', () => {
    expect(report.summary).toEqual({
      connections: 2,
      failed: 1,
      reporting: 1,
      // Nobody noted when the other ended: it was measured last after four seconds.
      watchedS: 60 + 3,
      freezes: 1,
      frozenS: 0.5,
      operations: 2,
      failedOperations: 1,
    })
    expect(report.figures.startup).toMatchObject({ count: 2, min: 300, max: 900 })
    expect(report.figures.bitrate).toMatchObject({ count: 4, max: 3000 })
    expect(report.figures.loss).toMatchObject({ p95: 1 })
    expect(report.figures).not.toHaveProperty('quality')
  })

  it('lists the worst connection first, with why, and unknown where the viewer said nothing', () => {
    expect(report.connections).toMatchObject([
      { id: 'bad', healthMean: 30, freezes: null, reasons: ['loss (2 times)', 'RTT (1 time)'], error: 'torn' },
      { id: 'good', healthMean: 90, freezes: 1, frozenS: 0.5, reasons: [], closeReason: 'viewer_left' },
    ])
    expect(report.qualitySwitches).toMatchObject([
      { connection: 'good', from: 'auto', to: 'low', why: 'viewer', known: { loss: 5 } },
    ])
    expect(report.errors).toMatchObject([{ connection: 'bad', code: 'MEDIA_CORRUPT' }])
  })

  it('has means over equal steps, from samples or from minutes', () => {
    expect(report.series).toMatchObject([{ at: '2026-05-04T12:00:00.000Z', viewers: 2, bitrate: 1500, health: 60 }])
    const minute = { connection: 'a', at_ms: fromMs, bitrate_bps_mean: 2e6, health_mean: 50 }
    const ofMinutes = buildReport(
      { ...nothing, connections: [connection('a')], samples: sumsOf([minute], period, 'minutes') },
      period,
    )
    expect(ofMinutes.figures).toMatchObject({ bitrate: { mean: 2000 }, health: { mean: 50 } })
  })

  it('of nothing is empty, in every form', async () => {
    const empty = buildReport(nothing, period)
    expect(empty).toMatchObject({ summary: { connections: 0 }, figures: {}, series: [], connections: [] })
    expect(await render(empty, [], 'html')).toContain('Nobody watched')
    expect((await render(empty, [], 'csv')).split('\r\n')).toHaveLength(2)
    expect(reportOutput.parse(JSON.parse(await render(empty, [], 'json')))).toEqual(empty)
  })

  it('looks at samples for hours, at minutes for days, at hours for months, and at each connection once', async () => {
    const asked: string[] = []
    const history = readerOf(
      (table) => {
        asked.push(table)
        return table === 'connections' ? [connection('a', { closed_at_ms: null }), connection('a')] : []
      },
      ['2026-05-01: torn'],
    )
    const hour = 3_600_000
    for (const hours of [2, 48, 24 * 60]) {
      const made = await makeReport(history, { fromMs, toMs: fromMs + hours * hour, nowMs: fromMs })
      expect(made).toMatchObject({ summary: { connections: 1 }, damaged: ['2026-05-01: torn'] })
      expect(made.connections[0]!.endedAt).not.toBeNull()
    }
    expect(asked.filter((table) => ['samples', 'minutes', 'hours'].includes(table))).toEqual([
      'samples',
      'minutes',
      'hours',
    ])
  })
})

describe('the HTML', () => {
  it('loads nothing, runs nothing, and shows hostile names as they are written', async () => {
    const hostile = `</script><img src=x onerror=alert(1)>"'&`
    const report = buildReport(
      { ...rows, connections: [connection('bad', { content: hostile, error: hostile })], damaged: [hostile] },
      period,
    )
    const html = await render(report, [{ threshold: hostile, passed: false }], 'html')
    expect(html).not.toMatch(/(src|href)=["']?https?:/)
    expect(html).not.toContain('<img')
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(html.match(/<\/script>/g)).toHaveLength(1)
    expect(html).toContain('&lt;img src=x')
    expect(html).toContain("default-src 'none'")
    expect(html).toContain('<svg')
    const raw = /<script type="application\/json" id="report">(.*)<\/script>/s.exec(html)![1]!
    expect(reportOutput.parse(JSON.parse(raw))).toEqual(report)
  })
})

describe('the CSV', () => {
  it('keeps commas, quotes and what looks like a formula', async () => {
    const report = buildReport(
      { ...rows, connections: [connection('a', { content: '=cmd()', error: 'a "b", c' })] },
      period,
    )
    const [, line] = (await render(report, [], 'csv')).split('\r\n')
    expect(line).toContain("'=cmd()")
    expect(line).toContain('"a ""b"", c"')
  })

  it('is a line for each connection, and shows no control character of content or errors', async () => {
    const content = '\u001b[2J\u009b31m\t=cmd()'
    const report = buildReport({ ...rows, connections: [connection('a', { content, error: 'a\r\nb' })] }, period)
    const [, line, end] = (await render(report, [], 'csv')).split('\r\n')
    expect(line).toContain(',a b')
    expect(line).not.toMatch(/\p{Cc}/u)
    expect(end).toBe('')
  })
})

describe('a threshold', () => {
  const report = buildReport(rows, period)

  it.each([
    ['startup_p95<800ms', false, 900],
    ['startup_p50 <= 0.3s', true, 300],
    ['bitrate_max>=3mbps', true, 3000],
    ['loss<2%', true, 1],
    ['health_min>50', false, 20],
    ['failed<1', false, 1],
    ['freezes<=1', true, 1],
    ['startup_count>=2', true, 2],
    ['frozenS<=600ms', true, 0.5],
  ])('%s: %s', (text, passed, value) => {
    expect(judgeReport(report, parseReportThreshold(text))).toEqual({ threshold: text, passed, value })
  })

  it('over what nobody measured has failed', () => {
    expect(judgeReport(report, parseReportThreshold('quality_mean>0'))).toEqual({
      threshold: 'quality_mean>0',
      passed: false,
    })
    const silent = buildReport({ ...rows, connections: [connection('silent')] }, period)
    for (const text of ['freezes<1', 'frozenS<1s'])
      expect(judgeReport(silent, parseReportThreshold(text))).toEqual({ threshold: text, passed: false })
    expect(judgeReport(silent, parseReportThreshold('reporting<1'))).toMatchObject({ passed: true })
  })

  it.each([
    '',
    'startup',
    'speed<1',
    'startup_p42<1ms',
    'startup<1kbps',
    'startup<-1ms',
    'loss<1<2',
    'failed_p95<1',
    'failed<1%',
    'freezes<2ms',
    'startup_count<5ms',
    'startup_p95<800constructor',
  ])('%j is refused by name', (text) => {
    expect(() => parseReportThreshold(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(JSON.stringify(text)) }),
    )
  })
})

describe('the file', () => {
  it('is there whole or not at all', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpx-report-'))
    try {
      await writeWhole('r.json', folder, 'one')
      await writeWhole('r.json', folder, 'two')
      expect(readFileSync(join(folder, 'r.json'), 'utf8')).toBe('two')
      await expect(writeWhole('missing/r.json', folder, 'x')).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: '--output missing/r.json: ENOENT: no such file or directory',
        hint: expect.stringContaining('a folder that is there'),
      })
      expect(readdirSync(folder)).toEqual(['r.json'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the rows of a report', () => {
  const range = { fromMs: 0, toMs: 3_600_000, nowMs: 3_600_000 }
  const tooLarge = (...tables: string[]) => {
    const asked: string[] = []
    const history = readerOf((table) => {
      asked.push(table)
      if (tables.includes(table)) throw new McpxError('MESSAGE_TOO_LARGE', 'too many')
      return []
    })
    return { history, asked }
  }

  it('are read by the minute or the hour where a server does not give every sample', async () => {
    const { history, asked } = tooLarge('samples', 'minutes')
    expect((await makeReport(history, range)).summary.connections).toBe(0)
    expect(asked).toEqual(expect.arrayContaining(['samples', 'minutes', 'hours']))
  })

  it('are by the hour at once where the period is long', async () => {
    const { history, asked } = tooLarge()
    await makeReport(history, { ...range, toMs: 40 * 86_400_000 })
    expect(asked).not.toContain('minutes')
    await expect(makeReport(tooLarge('hours').history, { ...range, toMs: 40 * 86_400_000 })).rejects.toThrow('too many')
  })
})
