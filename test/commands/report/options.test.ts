import { describe, expect, it } from 'vitest'
import { pairOf, periodOf, reportOptions } from '../../../src/commands/report/options.ts'

const nowMs = Date.UTC(2026, 4, 4, 12)
const ask = { nowMs, connection: undefined }
const hourMs = 3_600_000

describe('the table', () => {
  it('may be called by its older name', () => {
    expect(['samples', 'workers', 'nodes'].map((name) => reportOptions.table.parse(name))).toEqual([
      ...['samples', 'workers', 'workers'],
    ])
    for (const name of ['toString', '__proto__', 'node'])
      expect(() => reportOptions.table.parse(name)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('periods', () => {
  it('are read from times ago and dates', () => {
    expect(periodOf('2h', '1h', ask)).toEqual({ fromMs: nowMs - 2 * hourMs, toMs: nowMs - hourMs })
    expect(pairOf(['2h..1h', '1h..now'], { nowMs, connection: 'a' })).toEqual([
      { fromMs: nowMs - 2 * hourMs, toMs: nowMs - hourMs, connection: 'a' },
      { fromMs: nowMs - hourMs, toMs: nowMs, connection: 'a' },
    ])
  })

  it.each([
    [['1h..now'], 'two periods'],
    [['1h', '2h'], '"1h" is not a valid period'],
    [['x..now', '1h..now'], '--compare, from "x"'],
    [['2h..y', '1h..now'], 'to "y"'],
    [['1h..2h', '1h..now'], '--compare, from 1h is not before to 2h'],
  ])('%j are refused where they stand', (texts, said) => {
    expect(() => pairOf(texts, ask)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(said) }),
    )
  })

  it('that end before they begin are refused', () => {
    expect(() => periodOf('1h', '2h', ask)).toThrow('--since 1h is not before --until 2h')
  })
})
