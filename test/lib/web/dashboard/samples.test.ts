import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf, createSampleKeeper, samplesOfHistory } from '../../../../src/web/dashboard/samples.ts'
import {
  bytesText,
  detailsText,
  numberText,
  plainName,
  shortSpanText,
  spanText,
  valueText,
} from '../../../../src/web/dashboard/words.ts'
import { liveConnection, liveSample } from '../../../support/live-connection.ts'

const at = (atMs: number) => liveSample({ atMs })
const connectionAt = (id: string, atMs: number) => liveConnection({ id, sample: at(atMs) })

describe('the samples that are kept', () => {
  it('are each once, and go with their connection', () => {
    const keeper = createSampleKeeper()
    keeper.note([connectionAt('a', 1), connectionAt('b', 1)], undefined)
    keeper.note([connectionAt('a', 1), connectionAt('b', 2)], undefined)
    expect(keeper.of('a')).toHaveLength(1)
    expect(keeper.of('b').map(({ atMs }) => atMs)).toEqual([1, 2])
    keeper.note([connectionAt('a', 3)], undefined)
    expect(keeper.of('b')).toEqual([])
  })

  it('are bounded, and more of the one that is looked at', () => {
    const keeper = createSampleKeeper()
    for (let atMs = 1; atMs <= 5_000; atMs++) keeper.note([connectionAt('a', atMs), connectionAt('b', atMs)], 'a')
    expect([keeper.of('a').length, keeper.of('b').length]).toEqual([3_600, 150])
  })

  it('are filled from the history before the first of them', () => {
    const keeper = createSampleKeeper()
    keeper.note([connectionAt('a', 10)], 'a')
    keeper.fill('a', [at(5), at(10), at(12)])
    keeper.fill('gone', [at(5)])
    expect(keeper.of('a').map(({ atMs }) => atMs)).toEqual([5, 10])
    expect(keeper.of('gone')).toEqual([])
  })
})

describe('rows of the history', () => {
  it('become samples; what is null or absent stays unknown', () => {
    const [first] = samplesOfHistory([{ at_ms: 7, bitrate_bps: 10, loss_ratio: null, round_trip_ms: '3', other: 1 }])
    expect(first).toMatchObject({ atMs: 7, bitrateBps: 10, lossRatio: null, roundTripMs: null, health: null })
    expect(samplesOfHistory(undefined)).toEqual([])
    expect(samplesOfHistory([null, 3, {}, { at_ms: '1' }])).toEqual([])
    fc.assert(fc.property(fc.jsonValue(), (rows) => void samplesOfHistory(rows)))
  })
})

describe('what is drawn', () => {
  it('begins at the window, in seconds, with a hole where nothing came for long', () => {
    const samples = [at(1_000), at(5_000), at(6_000), at(20_000)]
    const drawn = columnsOf(samples, { figure: 'bitrateBps', fromMs: 4_000, holeMs: 5_000 })
    expect(drawn).toEqual([
      [5, 6, 6.001, 20],
      [1_000_000, 1_000_000, null, 1_000_000],
    ])
  })
})

describe('words', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [3_240, '3.2 s'],
    [59_000, '59 s'],
    [250_000, '4 min 10 s'],
    [11_100_000, '3 h 5 min'],
    [187_200_000, '2 d 4 h'],
    [Number.NaN, '–'],
  ])('%d ms is %s', (ms, text) => expect(spanText(ms)).toBe(text))

  it('write names, sizes and details plainly', () => {
    expect(shortSpanText(250_000)).toBe('4 min')
    expect(bytesText(3 * 2 ** 20)).toBe('3 MiB')
    expect(plainName('ice_state_change')).toBe('ICE state change')
    expect(detailsText({ from: 'new', to: 'checking' })).toBe('new → checking')
    expect(detailsText({ from: 'low', to: 'high', trigger: 'user' })).toBe('low → high, trigger user')
    expect(detailsText({ from: 'very_high', to: 'low' })).toBe('very high → low')
    expect(detailsText({ codec: '_<b>_a_B' })).toBe('codec _<b>_a_B')
    expect(detailsText({ message: 'x'.repeat(5000) })).toHaveLength(500)
    fc.assert(fc.property(fc.jsonValue(), (details) => void detailsText(details)))
  })
})

it('writes values of plugins with their unit, and what is not known as such', () => {
  expect([0, 12_500, 3.256, -0.00125, 1e21].map(numberText)).toEqual([
    '0',
    '12,500',
    '3.26',
    '-0.00125',
    '1,000,000,000,000,000,000,000',
  ])
  expect([valueText(null, 'EUR'), valueText(2, 'EUR'), valueText(true), valueText('<b>')]).toEqual([
    '–',
    '2 EUR',
    'yes',
    '<b>',
  ])
})
