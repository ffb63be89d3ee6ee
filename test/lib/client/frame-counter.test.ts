// Freezes after W3C webrtc-stats, by hand.
import { describe, expect, it } from 'vitest'
import { createFrameCounter } from '../../../src/lib/client/frame-counter.ts'

describe('freezes', () => {
  const play = (...gapsMs: number[]) => {
    const counter = createFrameCounter()
    let now = 1000
    counter.add(now, true)
    for (const gap of gapsMs) {
      now += gap
      counter.add(now, false)
    }
    return counter.stats
  }
  const steady = Array.from({ length: 40 }, () => 40)

  it('are none in steady video', () => {
    expect(play(...steady)).toMatchObject({
      framesReceived: 41,
      keyFramesReceived: 1,
      freezeCount: 0,
      firstFrameAtMs: 1000,
    })
  })

  it('are gaps of at least the mean and 150 ms', () => {
    expect(play(...steady, 189).freezeCount).toBe(0)
    expect(play(...steady, 190)).toMatchObject({ freezeCount: 1, totalFreezesS: 0.19 })
  })

  it('are gaps of three means where that is more', () => {
    const slow = steady.map(() => 200)
    expect(play(...slow, 599).freezeCount).toBe(0)
    expect(play(...slow, 600).freezeCount).toBe(1)
  })

  it('do not count a pause or a seek', () => {
    const counter = createFrameCounter()
    for (let now = 0; now < 1000; now += 40) counter.add(now, false)
    counter.interrupt()
    counter.add(60_000, true)
    expect(counter.stats.freezeCount).toBe(0)
  })
})
