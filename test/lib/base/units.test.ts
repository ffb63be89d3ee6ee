import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBps,
  formatBytes,
  formatDurationS,
  parseBytes,
  parseDurationS,
  parseMoment,
} from '../../../src/lib/base/units.ts'

describe('moments', () => {
  const nowMs = Date.UTC(2026, 4, 4, 12)
  it.each([
    ['10m', nowMs - 600_000],
    ['1.5h', nowMs - 5_400_000],
    ['7d', nowMs - 7 * 86_400_000],
    ['2026-05-04', Date.UTC(2026, 4, 4)],
    ['2026-05-04T11:00:00Z', nowMs - 3_600_000],
    ['1.0005s', nowMs - 1000],
    ['99999999999999d', 0],
    ['1969-01-01', 0],
  ])('reads %s', (text, atMs) => expect(parseMoment(text, nowMs, '--since')).toBe(atMs))

  it.each(['yesterday', '', '10', '-5m', '2026-13-40', '10 parsecs'])(
    'refuses %j by name and says what to write',
    (text) => {
      expect(() => parseMoment(text, nowMs, '--since')).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          message: expect.stringContaining(`--since ${JSON.stringify(text)}`),
        }),
      )
    },
  )
})

describe('sizes and durations', () => {
  it.each([
    ['512', 512],
    ['64MiB', 64 * 2 ** 20],
    ['1.5 GB', 1.5e9],
  ])('reads %s', (text, bytes) => expect(parseBytes(text)).toBe(bytes))

  it.each([
    ['90', 90],
    ['1.5s', 1.5],
    ['2m', 120],
    ['1:30', 90],
    ['1:02:03', 3723],
  ])('reads %s', (text, seconds) => expect(parseDurationS(text)).toBe(seconds))

  it.each(['5constructor', '1 parsec', '-1'])('refuses %j', (text) => {
    for (const parse of [parseBytes, parseDurationS])
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('reads back what it writes of a duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 * 3600 }), (seconds) => {
        expect(parseDurationS(formatDurationS(seconds))).toBe(seconds)
      }),
    )
  })

  it('writes each in the unit in which it is less than the next', () => {
    const bytes = [0, 1023, 1024, 10_239, 10_240, 2 ** 20 - 1, 2 ** 20, 2 ** 30 - 1, 2 ** 50]
    expect(bytes.map(formatBytes)).toEqual([
      ...['0 B', '1023 B', '1.00 KiB', '10.0 KiB', '10.0 KiB', '1.00 MiB', '1.00 MiB', '1.00 GiB', '1024.0 TiB'],
    ])
    expect([0, 499, 999_499, 999_500, 1e6, 2_415_000].map(formatBps)).toEqual([
      ...['0 kbps', '0 kbps', '999 kbps', '1.00 Mbps', '1.00 Mbps', '2.42 Mbps'],
    ])
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.nat(2 ** 10), (low, high) => {
        const [value, unit] = formatBytes(low + high * 2 ** 31).split(' ')
        expect(Number(value)).toBeLessThan(unit === 'TiB' ? 2048 : 1024)
      }),
    )
  })

  it('writes durations with as many places as they need, and nothing below 0', () => {
    expect([0, 59.9, 60, 3599, 3600, 36_061, -5].map(formatDurationS)).toEqual([
      ...['0:00', '0:59', '1:00', '59:59', '1:00:00', '10:01:01', '0:00'],
    ])
  })

  it('writes bytes that are read as about as many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (bytes) => {
        expect(Math.abs(parseBytes(formatBytes(bytes)) - bytes)).toBeLessThanOrEqual(bytes * 0.06)
      }),
    )
  })
})
