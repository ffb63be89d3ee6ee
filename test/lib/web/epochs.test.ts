import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rtpDistance } from '../../../src/lib/protocol/control.ts'
import { clampTime, EpochList, mediaTimeIn } from '../../../src/web/player/epochs.ts'

const epoch = (rtpTimestamp: number, mediaTimeS: number, rate: 0 | 1 = 1) => ({
  rtpTimestamp,
  mediaTimeS,
  rate,
  cause: 'play' as const,
})

describe('the distance of RTP timestamps', () => {
  it('is signed and goes round the 32-bit circle', () => {
    expect(rtpDistance(10, 4)).toBe(6)
    expect(rtpDistance(4, 10)).toBe(-6)
    expect(rtpDistance(5, 2 ** 32 - 5)).toBe(10)
    expect(rtpDistance(2 ** 32 - 5, 5)).toBe(-10)
  })

  it('undoes an addition of less than half the circle, wherever it begins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }),
        (start, step) => {
          expect(rtpDistance((start + step) >>> 0, start)).toBe(step)
        },
      ),
    )
  })
})

describe('media time within an epoch', () => {
  it('runs with the RTP clock while playing', () => {
    expect(mediaTimeIn(epoch(1000, 30), 1000 + 45_000, 90_000)).toBe(30.5)
  })

  it('stands still while paused', () => {
    expect(mediaTimeIn(epoch(1000, 30, 0), 1000 + 90_000, 90_000)).toBe(30)
  })
})

describe('a list of epochs', () => {
  it('knows nothing before the first', () => {
    expect(new EpochList().at(0)).toBeUndefined()
  })

  it('keeps to the old epoch until a frame of the new one is shown', () => {
    const list = new EpochList()
    list.add(epoch(0, 0))
    list.add(epoch(90_000, 60))
    expect(list.at(89_999)?.mediaTimeS).toBe(0)
    expect(list.at(90_000)?.mediaTimeS).toBe(60)
    expect(list.at(90_001)?.mediaTimeS).toBe(60)
  })

  it('answers with the first epoch for a frame before it', () => {
    const list = new EpochList()
    list.add(epoch(5000, 12))
    expect(list.at(4000)?.mediaTimeS).toBe(12)
  })

  it('lets a later announcement replace the ones from its timestamp on', () => {
    const list = new EpochList()
    list.add(epoch(0, 0))
    list.add(epoch(90_000, 60))
    list.add(epoch(90_000, 70))
    list.add(epoch(45_000, 20))
    expect(list.at(100_000)?.mediaTimeS).toBe(20)
    expect(list.last?.mediaTimeS).toBe(20)
  })

  it('works across the wrap of the timestamp', () => {
    const list = new EpochList()
    list.add(epoch(2 ** 32 - 90_000, 10))
    list.add(epoch(90_000, 50))
    expect(list.at(45_000)?.mediaTimeS).toBe(10)
    expect(list.at(90_000)?.mediaTimeS).toBe(50)
  })

  it('agrees with a search through all epochs, for frames in order', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), steps, steps, (start, gaps, frames) => {
        const list = new EpochList()
        let at = 0
        const offsets = gaps.map((gap) => {
          at += gap
          return at
        })
        offsets.forEach((offset, i) => {
          list.add(epoch((start + offset) >>> 0, i))
        })
        let shown = 0
        for (const step of frames) {
          shown += step
          const expected = Math.max(
            0,
            offsets.findLastIndex((offset) => offset <= shown),
          )
          expect(list.at((start + shown) >>> 0)?.mediaTimeS).toBe(expected)
        }
      }),
    )
  })

  it('stays bounded when the server announces without end', () => {
    const list = new EpochList()
    for (let i = 0; i < 5000; i++) list.add(epoch(i * 100, i))
    expect(list.at(0)!.mediaTimeS).toBeGreaterThan(4000)
    expect(list.last!.mediaTimeS).toBe(4999)
  })
})

describe('clamping a time', () => {
  it('keeps it within the content, and only above zero where the length is unknown', () => {
    expect(clampTime(-1, 10)).toBe(0)
    expect(clampTime(11, 10)).toBe(10)
    expect(clampTime(11, undefined)).toBe(11)
    expect(clampTime(11, 0)).toBe(11)
  })
})
