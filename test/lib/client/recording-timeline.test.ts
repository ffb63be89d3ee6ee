// Sound against picture in a recording: by the sender's clock, whatever the network does to arrivals.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRecordingTimeline } from '../../../src/lib/client/recording-timeline.ts'

const both = ['video', 'audio'] as const
const report = (kind: 'video' | 'audio', wallMs: number, rtpTimestamp: number) => ({ kind, wallMs, rtpTimestamp })

describe('with sender reports', () => {
  it('places tracks by the clock of the sender for any jitter, offset and wrap', () => {
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    const run = (videoStart: number, audioStart: number, apartMs: number, jitterMs: number) => {
      const timeline = createRecordingTimeline(both)
      timeline.noteReport(report('video', 50_000, videoStart))
      timeline.noteReport(report('audio', 50_000, audioStart))
      expect(timeline.isReady(0, 0)).toBe(true)
      const video = { kind: 'video', timestamp: videoStart, atMs: 0 } as const
      const audio = { kind: 'audio', timestamp: (audioStart + apartMs * 48) >>> 0, atMs: jitterMs } as const
      timeline.begin([video, audio])
      expect(timeline.placeS(audio) - timeline.placeS(video)).toBeCloseTo(apartMs / 1000, 6)
    }
    const ms = (max: number) => fc.integer({ min: 0, max })
    fc.assert(fc.property(uint32, uint32, ms(2000), ms(5000), run))
  })

  it('begins with the earliest frame, also when sound comes first', () => {
    const timeline = createRecordingTimeline(both)
    timeline.noteReport(report('video', 1000, 0))
    timeline.noteReport(report('audio', 1000, 0))
    const video = { kind: 'video', timestamp: 90_000, atMs: 0 } as const
    const audio = { kind: 'audio', timestamp: 24_000, atMs: 0 } as const
    timeline.begin([video, audio])
    expect(timeline.placeS(audio)).toBe(0)
    expect(timeline.placeS(video)).toBeCloseTo(0.5)
  })
})

describe('without sender reports', () => {
  it('waits for them, but not for ever, and then goes by arrival', () => {
    const timeline = createRecordingTimeline(both)
    expect(timeline.isReady(0, 1000)).toBe(false)
    expect(timeline.isReady(0, 2500)).toBe(true)
    timeline.begin([
      { kind: 'video', timestamp: 7, atMs: 100 },
      { kind: 'audio', timestamp: 9, atMs: 130 },
    ])
    expect(timeline.placeS({ kind: 'audio', timestamp: 9, atMs: 130 })).toBeCloseTo(0.03)
    expect(timeline.placeS({ kind: 'video', timestamp: 7 + 90_000, atMs: 100 })).toBeCloseTo(0)
  })

  it('needs none for one track', () => {
    const timeline = createRecordingTimeline(['video'])
    expect(timeline.isReady(0, 0)).toBe(true)
    timeline.begin([{ kind: 'video', timestamp: 90_000, atMs: 5 }])
    expect(timeline.placeS({ kind: 'video', timestamp: 90_000, atMs: 5 })).toBe(0)
    expect(timeline.placeS({ kind: 'video', timestamp: 180_000, atMs: 5 })).toBeCloseTo(1)
    expect(timeline.placeS({ kind: 'video', timestamp: 90_000, atMs: 5 })).toBeCloseTo(1)
  })
})
