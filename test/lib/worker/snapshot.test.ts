import { describe, expect, it } from 'vitest'
import type { PlaybackSnapshot } from '../../../src/lib/media/playback/viewer-playback.ts'
import { type SnapshotInput, snapshotOf } from '../../../src/lib/worker/snapshot.ts'
import { outbound } from '../../support/stats.ts'

const noErrors = { upTo: [], count: 0, sum: 0 }
const playing = (over: Partial<PlaybackSnapshot>): PlaybackSnapshot => ({
  mediaTimeS: 3,
  durationS: 15,
  paused: false,
  phase: 'running',
  bufferS: 2,
  bufferFrames: 60,
  underruns: 1,
  droppedPackets: 0,
  pacingErrors: noErrors,
  ...over,
})

const idle: SnapshotInput = {
  streamId: 'a',
  state: 'waiting',
  atMs: 10_000,
  durationS: 15,
  peer: undefined,
  played: undefined,
  reports: {},
  rung: 0,
  rungCount: 0,
  signalingMs: undefined,
  firstPacketMs: undefined,
  viewer: undefined,
  viewerBefore: undefined,
  pictureHeight: undefined,
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
      isStalled: false,
      isReporting: false,
    })
  })

  it('puts the reports of the viewer to the kind they are about', () => {
    const played = playing({ video: outbound({ bytesSent: 1000 }), audio: outbound() })
    const report = {
      kind: 'video',
      fractionLost: 0.25,
      packetsLost: 3,
      highestSequence: 40,
      jitterS: 0.01,
      roundTripTimeS: 0.05,
    } as const
    const { video, audio } = snapshotOf({ ...idle, played, reports: { video: report } })
    expect(video).toMatchObject({ bytesSent: 1000, fractionLost: 0.25, packetsLost: 3, roundTripTimeS: 0.05 })
    expect(audio).not.toHaveProperty('fractionLost')
    expect(snapshotOf({ ...idle, played, reports: {} }).video).not.toHaveProperty('packetsLost')
  })

  it('keeps what the viewer said last, and says when that is too long ago to believe', () => {
    const viewer = { freezeCount: 2, atMs: idle.atMs - 1000 }
    expect(snapshotOf({ ...idle, viewer })).toMatchObject({ isReporting: true, viewer: { freezeCount: 2 } })
    expect(snapshotOf({ ...idle, viewer, atMs: idle.atMs + 9_001 })).toMatchObject({ isReporting: false, viewer })
    const setBack = { ...idle, viewer, atMs: idle.atMs - 3_600_000 }
    expect(snapshotOf(setBack)).toMatchObject({ isReporting: false })
  })

  it('says while the playhead waits for content', () => {
    const at = (phase: PlaybackSnapshot['phase']) => snapshotOf({ ...idle, played: playing({ phase }) }).isStalled
    expect([at('running'), at('stalled'), at('loading')]).toEqual([false, true, false])
  })

  it('names the rung where there are several', () => {
    expect(snapshotOf({ ...idle, rung: 2, rungCount: 3 })).toMatchObject({ rung: 2, quality: 'very_high' })
    expect(snapshotOf(idle)).not.toHaveProperty('rung')
  })
})
