// Loss after RFC 3550 and freezes after W3C webrtc-stats, as properties and by hand.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameCounter, createPacketCounter } from '../../../src/lib/client/inbound-stats.ts'

describe('packets', () => {
  it('lost are those the sequence skipped, whatever the first number was', () => {
    fc.assert(
      fc.property(fc.nat(65535), fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }), (start, arrives) => {
        const counter = createPacketCounter()
        const pattern = [true, ...arrives, true]
        for (const [i, arrived] of pattern.entries()) if (arrived) counter.add((start + i) & 0xffff, 100)
        const received = pattern.filter(Boolean).length
        expect(counter.stats).toEqual({
          packetsReceived: received,
          bytesReceived: received * 100,
          packetsLost: pattern.length - received,
        })
      }),
    )
  })

  it('are not lost when they come late, and a repeated one makes no negative loss', () => {
    const counter = createPacketCounter()
    for (const sequence of [10, 12, 11, 12, 12]) counter.add(sequence, 1)
    expect(counter.stats.packetsLost).toBe(0)
  })

  it('are none at first', () => {
    expect(createPacketCounter().stats).toEqual({ packetsReceived: 0, bytesReceived: 0, packetsLost: 0 })
  })
})

describe('freezes', () => {
  const play = (...gapsMs: number[]) => {
    const counter = createFrameCounter()
    let now = 1000
    counter.add(now, true)
    for (const gap of gapsMs) counter.add((now += gap), false)
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
