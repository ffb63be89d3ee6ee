// The media time of what is on the screen, from RTP timestamps and what the server says of them.
import { describe, expect, it } from 'vitest'
import type { Epoch } from '../../../../src/lib/protocol/control.ts'
import { MediaClock } from '../../../../src/web/player/clock.ts'

const epoch = (rtpTimestamp: number, mediaTimeS: number, more: Partial<Epoch> = {}): Epoch => ({
  ...{ rtpTimestamp, mediaTimeS, rate: 1, cause: 'start' },
  ...more,
})

describe('the clock of the media', () => {
  it('knows nothing before it is told, and runs by the wall until a frame is shown', () => {
    const clock = new MediaClock()
    expect([clock.nowS(0), clock.epoch, clock.announced]).toEqual([undefined, undefined, undefined])
    clock.add(epoch(1000, 5), 10_000)
    expect(clock.nowS(12_500)).toBe(7.5)
  })

  it('follows the frames once they are shown, over the wrap of the timestamp', () => {
    const clock = new MediaClock()
    clock.describe(90_000, 600)
    clock.add(epoch(2 ** 32 - 90_000, 20), 0)
    clock.shown(2 ** 32 - 45_000)
    expect(clock.nowS(99_999)).toBe(20.5)
    clock.shown(45_000)
    expect(clock.nowS(99_999)).toBe(21.5)
  })

  it('keeps to the epoch of what is shown, whatever is announced for later', () => {
    const clock = new MediaClock()
    clock.describe(90_000, 600)
    clock.add(epoch(0, 0), 0)
    clock.shown(90_000)
    const seek = epoch(180_000, 300, { cause: 'seek' })
    clock.add(seek, 1000)
    expect([clock.nowS(1000), clock.announced]).toEqual([1, seek])
    clock.shown(180_000)
    expect([clock.nowS(2000), clock.epoch]).toEqual([300, seek])
  })

  it('stands still while it is paused, and ends with the content', () => {
    const clock = new MediaClock()
    clock.describe(48_000, 10)
    clock.add(epoch(0, 4, { rate: 0, cause: 'pause' }), 0)
    expect(clock.nowS(60_000)).toBe(4)
    clock.add(epoch(0, 4), 0)
    expect(clock.nowS(60_000)).toBe(10)
  })

  it('asks the receiver where frames carry no timestamp, and believes frames where they do', () => {
    const clock = new MediaClock()
    clock.describe(48_000, 100)
    let sources: { rtpTimestamp: number }[] = []
    clock.watch({ getSynchronizationSources: () => sources } as unknown as RTCRtpReceiver)
    clock.add(epoch(0, 0), 0)
    expect(clock.nowS(3000)).toBe(3)
    sources = [{ rtpTimestamp: 96_000 }]
    expect(clock.nowS(3000)).toBe(2)
    clock.shown(48_000)
    expect(clock.nowS(3000)).toBe(1)
  })

  it('goes on over a day without a new epoch', () => {
    const clock = new MediaClock()
    clock.describe(90_000, 10 ** 6)
    clock.add(epoch(0, 0), 0)
    const stepTicks = 2 ** 29
    for (let step = 1; step <= 20; step++) {
      clock.shown((step * stepTicks) % 2 ** 32)
      expect(clock.nowS(0)).toBeCloseTo((step * stepTicks) / 90_000, 3)
    }
  })

  it('forgets all of it with the connection', () => {
    const clock = new MediaClock()
    clock.add(epoch(0, 5), 0)
    clock.shown(90_000)
    clock.reset()
    expect([clock.nowS(0), clock.epoch]).toEqual([undefined, undefined])
  })
})
