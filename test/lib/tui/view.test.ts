import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleFigures } from '../../../src/lib/model/figure-table.ts'
import { chartLines, topOf } from '../../../src/lib/tui/chart.ts'
import { columnNames, columns, contentText, stateText } from '../../../src/lib/tui/columns.ts'
import { bitrate, milliseconds, ratio } from '../../../src/lib/tui/format.ts'
import { layoutOf } from '../../../src/lib/tui/layout.ts'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { countsText, fieldsOf, linkText, scoreText } from '../../../src/lib/tui/view.ts'
import { bareConnection, connection, liveState, startedAtMs } from '../../support/live-state.ts'

describe('figures', () => {
  it('are short, and – where they are not known', () => {
    expect([0, 812_000, 2_410_000, 12_340_000, 123_400_000, null].map(bitrate)).toEqual([
      '0',
      '812k',
      '2.41M',
      '12.3M',
      '123M',
      '–',
    ])
    expect([0, 0.000_2, 0.031, 0.25, 1, undefined].map(ratio)).toEqual(['0.0%', '<.1%', '3.1%', '25%', '100%', '–'])
    expect([0, 0.4, 240, Number.NaN].map(milliseconds)).toEqual(['0', '0.4', '240', '–'])
  })

  it('are never taken for 0 in any column of a connection that nobody measured', () => {
    const bare = bareConnection('a')
    const shown = Object.fromEntries(columnNames.map((name) => [name, columns[name].text(bare, startedAtMs)]))
    for (const name of [
      'rate',
      'loss',
      'rtt',
      'buffer',
      'fps',
      'health',
      'video',
      'viewer',
      'jitter',
      'freezes',
      'first',
      'peer',
    ])
      expect(shown[name], name).toBe('–')
    expect(shown.quality).toBe('auto→–')
  })

  it('are not green where the viewer does not say what it sees', () => {
    const score = (value: number) => ({ value, version: 1 as const, reasons: [], unknown: [] })
    const toneOf = (value: number, isReporting: boolean) =>
      columns.health.tone?.(connection('a', { health: score(value), isReporting }))
    expect([toneOf(95, true), toneOf(95, false), toneOf(60, false), toneOf(20, false)]).toEqual([
      'good',
      undefined,
      'warn',
      'bad',
    ])
  })

  it('fit their columns', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9.9e8, noNaN: true }), (bps) => {
        expect(bitrate(bps).length).toBeLessThanOrEqual(columns.rate.width)
        expect(ratio(bps / 9.9e8).length).toBeLessThanOrEqual(columns.loss.width)
      }),
    )
  })
})

describe('words', () => {
  it('tell a stream that failed or lost its path from one that plays', () => {
    const lost = connection('a')
    expect(stateText(lost)).toBe('active')
    expect(stateText({ ...lost, peerStates: { ...lost.peerStates, connection: 'disconnected' } })).toBe('lost')
    expect(stateText({ ...lost, state: 'closed', error: { code: 'X', message: '' } })).toBe('failed')
  })

  it('show the end of a path, and both ends of a CID', () => {
    expect(contentText('bafybeihbcfzbay5n3', 9)).toBe('bafy…y5n3')
    expect(contentText('bafybeihbcfzbay5n3/dir/clip.mp4', 20)).toBe('bafyb…ay5n3/clip.mp4')
    expect(contentText('bafybeihbcfzbay5n3/dir/clip.mp4', 9)).toBe('…clip.mp4')
    expect(contentText('bafybeihbcfzbay5n3/日本日本.mp4', 20)).toBe('baf…5n3/日本日本.mp4')
  })

  it('say what the link is', () => {
    expect(linkText({ kind: 'live' }, 0, false)).toMatchObject({ text: '● live' })
    expect(linkText({ kind: 'gone', sinceMs: 0, reason: 'ECONNREFUSED' }, 0, true).text).toMatch(
      /gone since .*ECONNREFUSED/,
    )
    expect(linkText({ kind: 'live' }, 0, true).text).toMatch(/^‖ held at/)
    expect(linkText({ kind: 'replay', speed: 4, isPaused: false, isOver: false }, 0, false).text).toMatch(
      /^▶ ×4 1970-01-01/,
    )
  })

  it('count what is open, and those who say nothing', () => {
    const state = liveState([
      connection('a'),
      connection('b', { isReporting: false }),
      connection('c', { state: 'closed' }),
    ])
    expect(countsText(state)).toBe('2 open  2 active  1 not reporting  4 operations (1 failed)  2 tasks')
  })

  it('give each score its reasons, or what is missing', () => {
    const { health, videoQuality } = connection('a')
    expect(scoreText(health)).toBe(' 75  −15: loss 3.1 %')
    expect(scoreText(videoQuality)).toBe('  –  not known: freezes')
    expect(scoreText(undefined)).toBe('–')
    expect(scoreText({ value: 100, version: 1, reasons: [], unknown: [] })).toBe('100  nothing taken off')
  })

  it('know every field of a connection, also of one that nobody measured', () => {
    expect(Object.fromEntries(fieldsOf(connection('a')))).toMatchObject({
      quality: 'auto→high',
      position: '1:01 of 10:00',
      freezes: '2 (1.5 s)',
      bitrate: '2.41 Mbit/s',
      'round trip': '240 ms',
    })
    expect(Object.fromEntries(fieldsOf(bareConnection('a')))).toMatchObject({
      'packet loss': '–',
      'first frame': '–',
      connected: '–',
    })
  })
})

describe('the chart', () => {
  it('has round numbers at its axis, gaps where nothing is known, and the newest at the right', () => {
    const lines = chartLines([null, 1e6, 1e6, null, 1e6], 'bitrateBps', { width: 30, height: 6 })
    expect(lines.map(({ label }) => label.trim())).toEqual(['1.00M', '800k', '600k', '400k', '200k', '0'])
    expect(lines[0]!.line).toBe(' ┤ ── ─')
    const low = chartLines([1e6, 1e6], 'bitrateBps', { width: 30, height: 5 })
    expect(low.map(({ label }) => label.trim())).toEqual(['1.00M', '', '500k', '', '0'])
  })

  it('is empty where nothing is known, and never larger than its room', () => {
    expect(chartLines([null, null], 'health', { width: 40, height: 6 })).toEqual([])
    const values = fc.array(fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })), { maxLength: 200 })
    fc.assert(
      fc.property(
        values,
        fc.constantFrom(...sampleFigures),
        fc.integer({ min: 2, max: 30 }),
        (some, figure, height) => {
          const lines = chartLines(some, figure, { width: 40, height })
          expect(lines.length).toBeLessThanOrEqual(height)
          for (const { label, line } of lines) expect(widthOf(label) + widthOf(line)).toBeLessThanOrEqual(40)
        },
      ),
    )
  })

  it('ends at a number that parts into five', () => {
    expect([1, 1.2, 2.1, 9, 1_090_000].map(topOf)).toEqual([1, 1.5, 2.5, 10, 1_500_000])
  })
})

describe('the layout', () => {
  it('fills any terminal and no more', () => {
    for (const [width, height] of [
      [80, 24],
      [200, 60],
      [40, 10],
      [20, 5],
    ] as const) {
      const { tableRows, lowerRows, chartColumns, listColumns, isWide } = layoutOf(width, height)
      expect(2 + 1 + tableRows + lowerRows + 1).toBe(height)
      expect(isWide ? chartColumns + listColumns : chartColumns).toBe(width)
    }
    expect(layoutOf(80, 24)).toMatchObject({ tableRows: 11, lowerRows: 9, isWide: false })
    expect(layoutOf(60, 20)).toMatchObject({ tableRows: 7, lowerRows: 9 })
    expect(layoutOf(60, 18)).toMatchObject({ tableRows: 14, lowerRows: 0 })
    expect(layoutOf(200, 60)).toMatchObject({ lowerRows: 19, isWide: true })
  })
})
