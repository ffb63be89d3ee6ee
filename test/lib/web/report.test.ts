import { describe, expect, it } from 'vitest'
import { Stillness } from '../../../src/lib/protocol/stillness.ts'
import { FreezeLedger } from '../../../src/web/player/freeze-ledger.ts'
import { reportOf } from '../../../src/web/player/report.ts'
import { takeSample } from '../../../src/web/player/stats.ts'

const nothing = { freezeCount: 0, totalFreezesDurationS: 0 }

/** A browser that shows a frame every 40 ms from 1000 ms on, but for the gaps, and is looked at. */
function browserOf(...gaps: readonly (readonly [fromMs: number, toMs: number, isPause?: boolean])[]) {
  const stillness = new Stillness()
  const ledger = new FreezeLedger(stillness)
  const framesMs: number[] = []
  for (let atMs = 1000; atMs <= 30_000; atMs += 40)
    if (!gaps.some(([fromMs, toMs]) => atMs > fromMs && atMs < toMs)) framesMs.push(atMs)
  const look = (atMs: number) => {
    const shown = framesMs.filter((frameMs) => frameMs <= atMs)
    const over = gaps.filter(([, toMs]) => shown.at(-1)! >= toMs)
    const sum = (isPause: boolean) =>
      over.filter((gap) => (gap[2] ?? false) === isPause).reduce((ms, [fromMs, toMs]) => ms + toMs - fromMs, 0) / 1000
    return ledger.add({
      atMs,
      framesDecoded: shown.length,
      freezeCount: over.filter(([, , isPause]) => !isPause).length,
      totalFreezesDurationS: sum(false),
      pauseCount: over.filter(([, , isPause]) => isPause).length,
      totalPausesDurationS: sum(true),
      totalInterFrameDelayS: ((shown.at(-1) ?? 1000) - 1000) / 1000,
    })
  }
  return { stillness, look }
}
const frozen = (freezeCount: number, totalFreezesDurationS: number) => ({
  freezeCount,
  totalFreezesDurationS: expect.closeTo(totalFreezesDurationS, 1),
})
const goesOn = {
  type: 'epoch',
  epoch: { rtpTimestamp: 0, mediaTimeS: 0, rate: 1, cause: 'play' },
  paused: false,
} as const

describe('freezes in a browser', () => {
  it('count when they are over', () => {
    const { look } = browserOf([4000, 4720])
    expect(look(3000)).toEqual(nothing)
    expect(look(5000)).toEqual(frozen(1, 0.72))
    expect(look(7000)).toEqual(frozen(1, 0.72))
  })

  it('count while they last, and are no longer afterwards', () => {
    const { look } = browserOf([4000, 9000])
    look(3000)
    // It may be over without having been seen.
    expect(look(4400)).toEqual(nothing)
    expect(look(6000)).toEqual(frozen(1, 2))
    expect(look(8000)).toEqual(frozen(1, 4))
    expect(look(9500)).toEqual(frozen(1, 5))
  })

  it('count where the browser takes them for a pause, as nothing came for long', () => {
    const { look } = browserOf([4000, 10_000, true])
    look(3000)
    expect(look(11_000)).toEqual(frozen(1, 6))
  })

  it('do not count in a pause, however long, but right before and after it', () => {
    const { look, stillness } = browserOf([3000, 3720], [5000, 11_000], [11_400, 12_000])
    look(2000)
    stillness.command({ type: 'pause' }, 5010)
    expect(look(6000)).toEqual(frozen(1, 0.72))
    expect(look(10_000)).toEqual(frozen(1, 0.72))
    stillness.command({ type: 'play' }, 10_900)
    stillness.note(goesOn, 10_950)
    stillness.shown(11_000)
    expect(look(12_500)).toEqual(frozen(2, 1.32))
  })

  it('do not count in a pause in which the last picture comes again', () => {
    const { look, stillness } = browserOf([3000, 6000], [6080, 9000])
    look(2000)
    stillness.command({ type: 'pause' }, 3010)
    expect(look(4000)).toEqual(nothing)
    expect(look(7000)).toEqual(nothing)
    stillness.command({ type: 'play' }, 8990)
    stillness.shown(9000)
    expect(look(10_000)).toEqual(nothing)
  })

  it('are what a pause in the middle of one leaves', () => {
    const { look, stillness } = browserOf([3000, 9000])
    look(2000)
    stillness.command({ type: 'pause' }, 4000)
    expect(look(5000)).toEqual(frozen(1, 1))
    stillness.command({ type: 'play' }, 6000)
    expect(look(8000)).toEqual(frozen(1, 2))
    expect(look(10_000)).toEqual(frozen(1, 3))
  })

  it('never get less where the counters begin anew', () => {
    const ledger = new FreezeLedger(new Stillness())
    const sample = { atMs: 0, pauseCount: 0, totalPausesDurationS: 0, framesDecoded: 60 }
    ledger.add({ ...sample, freezeCount: 0, totalFreezesDurationS: 0 })
    ledger.add({ ...sample, freezeCount: 3, totalFreezesDurationS: 2, framesDecoded: 90 })
    expect(ledger.add({ ...sample, ...nothing, framesDecoded: 10 })).toEqual(frozen(3, 2))
  })
})

describe('a report', () => {
  const freezes = { freezeCount: 0, totalFreezesDurationS: 0 }

  it('without video says nothing of frames and freezes, not that there were none', () => {
    const audio = {
      id: 'a',
      type: 'inbound-rtp',
      kind: 'audio',
      packetsReceived: 50,
      totalSamplesReceived: 48_000,
      concealedSamples: 3,
    }
    const report = reportOf(takeSample([audio], 0), undefined, freezes, 120)
    expect(report).toMatchObject({ concealedSamples: 3, totalSamplesReceived: 48_000, firstFrameMs: 120 })
    for (const field of ['framesDecoded', 'framesReceived', 'freezeCount', 'frameWidth'])
      expect(report).not.toHaveProperty(field)
  })

  it('has rates only between two looks', () => {
    const look = (atMs: number, framesDecoded: number) =>
      takeSample(
        [
          {
            id: 'v',
            type: 'inbound-rtp',
            kind: 'video',
            packetsReceived: 10,
            framesDecoded,
            bytesReceived: framesDecoded,
          },
        ],
        atMs,
      )
    expect(reportOf(look(0, 0), undefined, freezes, undefined)).not.toHaveProperty('framesPerSecond')
    expect(reportOf(look(2000, 60), look(0, 0), freezes, undefined).framesPerSecond).toBe(30)
  })
})
