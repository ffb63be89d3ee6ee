import { describe, expect, it } from 'vitest'
import { figuresOf } from '../../../src/lib/model/figures.ts'
import type { OutboundStats, StatsSnapshot } from '../../../src/lib/model/stats.ts'

const sent = (change: Partial<OutboundStats> = {}): OutboundStats => ({
  packetsSent: 0,
  bytesSent: 0,
  framesSent: 0,
  keyFramesSent: 0,
  retransmittedPacketsSent: 0,
  retransmittedBytesSent: 0,
  nackCount: 0,
  pliCount: 0,
  frameSizes: { upTo: [], count: 0, sum: 0 },
  packetsDropped: 0,
  ...change,
})
const snapshot = (change: Partial<StatsSnapshot> = {}): StatsSnapshot => ({
  streamId: 'a',
  atMs: 1000,
  state: 'active',
  connectionState: 'connected',
  iceState: 'connected',
  mediaTimeS: 1,
  durationS: 10,
  paused: false,
  bufferS: 2,
  bufferFrames: 60,
  underruns: 0,
  bitrateBps: 1e6,
  isReporting: false,
  health: { version: 1, reasons: [], unknown: [] },
  videoQuality: { version: 1, reasons: [], unknown: [] },
  ...change,
})

describe('the figures of a moment', () => {
  it('are the worse of picture and sound, in their units', () => {
    const video = sent({ lossRatio: 0.01, roundTripTimeS: 0.03, jitterS: 0.002 })
    const audio = sent({ lossRatio: 0.05, roundTripTimeS: 0.02 })
    expect(figuresOf(snapshot({ video, audio }), undefined)).toMatchObject({
      lossRatio: 0.05,
      roundTripMs: 30,
      jitterMs: 2,
      bufferS: 2,
    })
  })

  it('are null where nobody measured, and rates before there are two moments', () => {
    expect(figuresOf(snapshot(), undefined)).toEqual({
      bitrateBps: null,
      lossRatio: null,
      roundTripMs: null,
      jitterMs: null,
      bufferS: 2,
      framesPerSecond: null,
      health: null,
      videoQuality: null,
    })
  })

  it('count pictures a second, and none of sound alone', () => {
    const at = (atMs: number, framesSent: number, kind: 'video' | 'audio') =>
      snapshot({ atMs, [kind]: sent({ framesSent }) })
    expect(figuresOf(at(3000, 90, 'video'), at(1000, 30, 'video'))).toMatchObject({
      framesPerSecond: 30,
      bitrateBps: 1e6,
    })
    expect(figuresOf(at(3000, 90, 'video'), at(3000, 90, 'video')).framesPerSecond).toBeNull()
    expect(figuresOf(at(3000, 10, 'video'), at(1000, 30, 'video')).framesPerSecond).toBe(0)
    expect(figuresOf(at(3000, 150, 'audio'), at(1000, 50, 'audio')).framesPerSecond).toBeNull()
  })
})
