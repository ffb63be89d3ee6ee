import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlaybackSnapshot, ViewerPlayback } from '../../../src/lib/media/playback/viewer-playback.ts'
import type { OutboundStats } from '../../../src/lib/model/stats.ts'
import { type SnapshotInput, snapshotOf } from '../../../src/lib/worker/snapshot.ts'

const sent = (bytesSent: number): OutboundStats => ({
  packetsSent: 10,
  bytesSent,
  framesSent: 5,
  keyFramesSent: 1,
  retransmittedPacketsSent: 0,
  retransmittedBytesSent: 0,
  nackCount: 0,
  pliCount: 0,
  packetsDropped: 0,
  frameSizes: { upTo: [0, 0, 0, 0, 0, 0, 0], count: 0, sum: 0 },
})

function playing(over: Partial<PlaybackSnapshot>): ViewerPlayback {
  const snapshot: PlaybackSnapshot = {
    mediaTimeS: 3,
    durationS: 15,
    paused: false,
    phase: 'running',
    bufferS: 2,
    bufferFrames: 60,
    underruns: 1,
    droppedPackets: 0,
    ...over,
  }
  return { snapshot: () => snapshot } as unknown as ViewerPlayback
}

const idle: SnapshotInput = {
  streamId: 'a',
  state: 'waiting',
  atMs: 10_000,
  nowMs: 0,
  durationS: 15,
  peer: undefined,
  playback: undefined,
  reports: {},
  rung: 0,
  rungCount: 0,
  signalingMs: undefined,
  firstPacketMs: undefined,
  viewer: undefined,
  pictureHeight: undefined,
  last: undefined,
}

describe('a snapshot', () => {
  it('of a stream without a viewer says that nothing is known', () => {
    expect(snapshotOf(idle)).toEqual({
      streamId: 'a',
      atMs: 10_000,
      state: 'waiting',
      connectionState: 'new',
      iceState: 'new',
      mediaTimeS: 0,
      durationS: 15,
      paused: false,
      bufferS: 0,
      bufferFrames: 0,
      underruns: 0,
      bitrateBps: 0,
      isReporting: false,
      health: { version: 1, reasons: [], unknown: ['packet loss', 'round trip time', 'jitter', 'freezes'] },
      videoQuality: { version: 1, reasons: [], unknown: ['picture height', 'freezes', 'dropped frames'] },
    })
  })

  it('puts the reports of the viewer to the kind they are about', () => {
    const playback = playing({ video: sent(1000), audio: sent(100) })
    const report = {
      kind: 'video',
      fractionLost: 0.25,
      packetsLost: 3,
      highestSequence: 40,
      jitterS: 0.01,
      roundTripTimeS: 0.05,
    } as const
    const { video, audio } = snapshotOf({ ...idle, playback, reports: { video: report } })
    expect(video).toMatchObject({ bytesSent: 1000, fractionLost: 0.25, packetsLost: 3, roundTripTimeS: 0.05 })
    expect(audio).not.toHaveProperty('fractionLost')
    expect(snapshotOf({ ...idle, playback, reports: {} }).video).not.toHaveProperty('packetsLost')
  })

  it('reckons the loss from all that was expected since the snapshot before, whatever share the last report is of', () => {
    const playback = playing({ video: sent(1000) })
    const told = (packetsLost: number, highestSequence: number, fractionLost = 0) => ({
      playback,
      reports: { video: { kind: 'video', fractionLost, packetsLost, highestSequence, jitterS: 0.01 } as const },
    })
    const first = snapshotOf({ ...idle, ...told(5, 100, 0.25) })
    expect(first.video?.lossRatio).toBe(0.25)
    const second = snapshotOf({ ...idle, ...told(15, 300), last: first })
    expect(second.video?.lossRatio).toBe(10 / 200)
    expect(snapshotOf({ ...idle, ...told(15, 300), last: second }).video?.lossRatio).toBe(10 / 200)
    expect(snapshotOf({ ...idle, ...told(14, 400), last: second }).video?.lossRatio).toBe(0)
    expect(snapshotOf({ ...idle, ...told(1, 20, 0.05), last: second }).video?.lossRatio).toBe(0.05)
  })

  it('keeps what the viewer said last, and says when that is too long ago to believe', () => {
    const viewer = { freezeCount: 2, atMs: idle.atMs - 1000 }
    expect(snapshotOf({ ...idle, viewer })).toMatchObject({ isReporting: true, viewer: { freezeCount: 2 } })
    expect(snapshotOf({ ...idle, viewer, atMs: idle.atMs + 9_001 })).toMatchObject({ isReporting: false, viewer })
    const setBack = { ...idle, viewer, atMs: idle.atMs - 3_600_000 }
    expect(snapshotOf(setBack)).toMatchObject({ isReporting: false })
  })

  it('scores what the reports and the viewer say, and nothing where the viewer has fallen silent', () => {
    const playback = playing({ video: sent(1000), audio: sent(100) })
    const report = {
      kind: 'video',
      fractionLost: 0.03,
      packetsLost: 3,
      highestSequence: 40,
      jitterS: 0.06,
      roundTripTimeS: 0.34,
    } as const
    const viewer = { atMs: idle.atMs, frozenRatio: 0.06, droppedRatio: 0 }
    const now = snapshotOf({ ...idle, playback, reports: { video: report }, viewer, pictureHeight: 720 })
    expect(now.health).toMatchObject({ value: 100 - 20 - 15 - 10 - 15 - 30, unknown: [] })
    expect(now.videoQuality).toMatchObject({ value: 80, unknown: [] })
    const silent = snapshotOf({ ...idle, atMs: idle.atMs + 20_000, playback, reports: {}, viewer, pictureHeight: 720 })
    expect(silent.videoQuality).not.toHaveProperty('value')
    expect(silent.health).not.toHaveProperty('value')
  })

  it('names the rung where there are several', () => {
    expect(snapshotOf({ ...idle, rung: 2, rungCount: 3 })).toMatchObject({ rung: 2, quality: 'very_high' })
    expect(snapshotOf(idle)).not.toHaveProperty('rung')
  })

  it('has the mean bitrate of both kinds since the one before, never negative, whatever the clock does', () => {
    const bytes = fc.nat(1e9)
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.integer({ min: -5000, max: 60_000 }), (before, more, audio, elapsedMs) => {
        const first = snapshotOf({ ...idle, playback: playing({ video: sent(before) }) })
        const playback = playing({ video: sent(before + more), audio: sent(audio) })
        const { bitrateBps } = snapshotOf({ ...idle, atMs: idle.atMs + elapsedMs, playback, last: first })
        expect(bitrateBps).toBeCloseTo(elapsedMs > 0 ? ((more + audio) * 8000) / elapsedMs : 0, 3)
      }),
      { seed: 3 },
    )
    const restarted = { ...snapshotOf({ ...idle, playback: playing({ video: sent(5000) }) }), atMs: 9000 }
    expect(snapshotOf({ ...idle, playback: playing({ video: sent(10) }), last: restarted }).bitrateBps).toBe(0)
  })
})
