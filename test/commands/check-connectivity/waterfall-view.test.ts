import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { waterfallText } from '../../../src/commands/check-connectivity/waterfall-view.ts'
import { type WaterfallReport, type WaterfallStep, waterfallStepNames } from '../../../src/lib/protocol/waterfall.ts'

const done = (step: WaterfallStep['step'], startMs: number, ms: number, detail?: string): WaterfallStep => ({
  step,
  where: 'here',
  status: 'done',
  startMs,
  ms,
  ...(detail !== undefined && { detail }),
})

const report = (more: Partial<WaterfallReport>): WaterfallReport => ({
  version: 1,
  startedAt: '2026-11-28T05:00:00.000Z',
  content: 'bafy',
  server: 'http://127.0.0.1:8000',
  outcome: 'steady',
  elapsedMs: 5500,
  steps: [],
  ...more,
})

const ascii = { columns: 80, isUnicode: false }

describe('a waterfall on a terminal', () => {
  it('draws each bar where the step was, and the time that it was watched as an arrow', () => {
    const steps = [
      done('parsed', 0, 1),
      done('demux', 1, 49),
      done('ice', 50, 50),
      done('first-key-frame', 100, 100),
      done('steady', 200, 5000, '149 frames, no freeze'),
    ]
    const lines = waterfallText(report({ steps, candidatePair: 'host/host' }), ascii).split('\n')
    const bars = lines.slice(1, 6).map((line) => line.slice(26, 50).trimEnd())
    expect(bars).toEqual([
      '#',
      '######',
      `${' '.repeat(6)}######`,
      `${' '.repeat(12)}############`,
      `${' '.repeat(23)}>`,
    ])
    expect(lines[5]).toMatch(/149 frames, no freeze$/)
    expect(lines.at(-2)).toBe('plays from http://127.0.0.1:8000: first key frame after 200 ms over host/host')
  })

  it('says of each step below it where a terminal is narrow', () => {
    const text = waterfallText(
      report({ steps: [done('demux', 0, 50, 'hls, 15.0 s: opus, vp9 320x180, vp9 640x360')] }),
      {
        columns: 50,
        isUnicode: false,
      },
    )
    expect(text).toMatch(/^demux +50 ms #{20,}\n {2}hls, 15\.0 s: opus, vp9 320x180, vp9 640x360$/m)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(50)
  })

  it('says why it ended and what to do, below the step', () => {
    const failed = {
      ...done('ice', 10, 6000, 'ice: nothing after 6 s'),
      status: 'failed',
      cause: 'A firewall.',
      fix: 'Open it.',
    } as const
    const text = waterfallText(
      report({ outcome: 'failed', steps: [failed, { step: 'dtls', where: 'here', status: 'skipped' }] }),
      ascii,
    )
    expect(text).toContain('FAILED: ice: nothing after 6')
    expect(text).toContain('\n    why: A firewall.\n    fix: Open it.\n')
    expect(text).toMatch(/^DTLS {14}skipped$/m)
    expect(text).toContain('ends at "ICE" after 5500 ms')
    expect(waterfallText(report({ outcome: 'unreachable' }), ascii)).toContain('cannot be reached')
    expect(waterfallText(report({ outcome: 'refused' }), ascii)).toContain('--token')
  })

  it('stays within 80 columns and in order, and lets no control character through, whatever it is told', () => {
    const amount = fc.double({ min: 0, max: 1e7, noNaN: true })
    const step = fc.record({
      step: fc.constantFrom(...waterfallStepNames),
      where: fc.constantFrom('here', 'server'),
      status: fc.constantFrom('done', 'failed', 'skipped'),
      startMs: amount,
      ms: amount,
      detail: fc.string({ unit: 'binary', maxLength: 200 }),
      cause: fc.string({ unit: 'binary', maxLength: 200 }),
    }) as fc.Arbitrary<WaterfallStep>
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 13 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 300 }),
        (steps, isUnicode, columns) => {
          const text = waterfallText(report({ steps, content: '\u001b[2Jx'.repeat(40) }), { columns, isUnicode })
          expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
          const rows = text.split('\n')
          for (const row of rows) expect(row.length, row).toBeLessThanOrEqual(80)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('keeps to ASCII where the terminal knows no more', () => {
    const steps = [done('parsed', 0, 1), { ...done('found', 1, 1), status: 'failed' } as const]
    expect(waterfallText(report({ steps }), ascii)).toMatch(/^[\x20-\x7e\n]*$/)
    expect(waterfallText(report({ steps }), { columns: 80, isUnicode: true })).toContain('█')
  })
})
