import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LiveConnection, LiveState } from '../../../../src/lib/protocol/live.ts'
import {
  countGroups,
  filterConnections,
  hasProblem,
  isSilent,
  sortBy,
  stateOf,
} from '../../../../src/web/dashboard/connection-view.ts'
import { alarmOf, formatFigure, toneOfScore } from '../../../../src/web/dashboard/figures.ts'
import { totalsOf } from '../../../../src/web/dashboard/summary.ts'
import { liveConnection, liveSample } from '../../../support/live-connection.ts'

const cutOff = { ...liveConnection().peerStates, connection: 'disconnected' as const }
const unknown = { version: 1 as const, reasons: [], unknown: ['round trip time'] }

describe('what a row says of its connection', () => {
  it.each<[Partial<LiveConnection>, string, string]>([
    [{}, 'Playing', 'good'],
    [{ paused: true }, 'Paused', 'calm'],
    [{ state: 'waiting' }, 'Waiting', 'calm'],
    [{ state: 'connecting' }, 'Connecting', 'busy'],
    [{ peerStates: cutOff }, 'Disconnected', 'bad'],
    [{ state: 'closed', peerStates: cutOff, closeReason: 'viewer_left' }, 'Closed', 'calm'],
    [{ state: 'closed', closeReason: 'timeout' }, 'Timed out', 'calm'],
    [{ state: 'closed', closeReason: 'ice_failed' }, 'Failed', 'bad'],
    [{ state: 'closed', error: { code: 'PEER_FAILED', message: 'no' } }, 'Failed', 'bad'],
  ])('%j is %s', (changes, word, tone) => {
    expect(stateOf(liveConnection(changes))).toEqual({ word, tone })
  })

  it('never takes what is not known for fine', () => {
    expect(toneOfScore(undefined)).toBe('unknown')
    expect(formatFigure('lossRatio', null)).toBe('–')
    expect(alarmOf('lossRatio', null)).toBeUndefined()
    expect([0.02, 0.021, 0.051].map((ratio) => alarmOf('lossRatio', ratio))).toEqual([undefined, 'fair', 'bad'])
    expect([100, 80, 79, 50, 49, 0].map(toneOfScore)).toEqual(['good', 'good', 'fair', 'fair', 'bad', 'bad'])
  })

  it('marks a viewer that is there and does not report', () => {
    expect(isSilent(liveConnection({ isReporting: false }))).toBe(true)
    expect(isSilent(liveConnection({ isReporting: false, state: 'waiting' }))).toBe(false)
    expect(isSilent(liveConnection())).toBe(false)
  })
})

describe('the filter', () => {
  const all = [
    liveConnection({ id: 'one' }),
    liveConnection({ id: 'two', isReporting: false, codecs: ['h264'] }),
    liveConnection({ id: 'three', health: { ...unknown, value: 30 } }),
    liveConnection({ id: 'four', state: 'closed', error: { code: 'PEER_FAILED', message: 'The path <b>broke</b>' } }),
  ]
  const idsOf = (text: string, group: Parameters<typeof filterConnections>[1]['group'] = 'all') =>
    filterConnections(all, { text, group }).map(({ id }) => id)

  it.each([
    ['', ['one', 'two', 'three', 'four']],
    ['  H264 ', ['two']],
    ['<b>BROKE', ['four']],
    ['playing bafyfilm', ['one', 'two', 'three']],
    ['not reporting', ['two']],
    ['nothing like it', []],
  ])('"%s" finds %j', (text, ids) => expect(idsOf(text)).toEqual(ids))

  it('keeps to a group, and counts them', () => {
    expect(idsOf('', 'problems')).toEqual(['three', 'four'])
    expect(idsOf('', 'closed')).toEqual(['four'])
    expect(countGroups(all)).toEqual({ all: 4, open: 3, problems: 2, silent: 1, closed: 1 })
    expect(hasProblem(liveConnection({ health: unknown, videoQuality: unknown }))).toBe(false)
  })

  it('takes any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void filterConnections(all, { text, group: 'all' })))
  })
})

describe('the order', () => {
  const value = fc.option(fc.oneof(fc.integer(), fc.string()), { nil: undefined })
  it('loses nothing, and has what is not known last in both directions', () => {
    fc.assert(
      fc.property(fc.array(value), fc.boolean(), (values, isDescending) => {
        const sorted = sortBy(values, (one) => one, isDescending)
        expect(sorted).toHaveLength(values.length)
        const firstUnknown = sorted.indexOf(undefined)
        if (firstUnknown >= 0) expect(sorted.slice(firstUnknown).every((one) => one === undefined)).toBe(true)
      }),
    )
  })
  it('goes by number, and back', () => {
    expect(sortBy([3, 20, 1], (one) => one, false)).toEqual([1, 3, 20])
    expect(sortBy([3, null, 20, 1], (one) => one, true)).toEqual([20, 3, 1, null])
  })
})

describe('the totals', () => {
  const stateWith = (connections: readonly LiveConnection[]) => ({ connections, workers: [] }) as unknown as LiveState

  it('are of those who watch, and say of how many nothing is known', () => {
    const totals = totalsOf(
      stateWith([
        liveConnection(),
        liveConnection({ isReporting: false, videoQuality: unknown, health: { ...unknown, value: 60 } }),
        liveConnection({ sample: liveSample({ bitrateBps: null }) }),
        liveConnection({ peerStates: cutOff, health: { ...unknown, value: 10 } }),
        liveConnection({ state: 'waiting', sample: liveSample({ bitrateBps: 5 }) }),
        liveConnection({ state: 'closed' }),
      ]),
    )
    expect(totals).toEqual({
      watching: 3,
      waiting: 1,
      cutOff: 1,
      silent: 1,
      bitrateBps: 2_000_000,
      measured: 2,
      health: { lowest: 60, median: 100, unknown: 0 },
      videoQuality: { lowest: 95, median: 95, unknown: 1 },
    })
  })

  it('know no score where nobody watches', () => {
    expect(totalsOf(stateWith([])).health).toEqual({ unknown: 0 })
  })
})
