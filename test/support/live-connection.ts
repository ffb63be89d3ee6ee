// A connection that plays well, to change from there.
import { eachFigure } from '../../src/lib/model/figure-table.ts'
import type { LiveConnection, LiveSample } from '../../src/lib/protocol/live.ts'

export const liveSample = (changes: Partial<LiveSample> = {}): LiveSample => ({
  ...eachFigure(() => null),
  atMs: 1_000,
  bitrateBps: 1_000_000,
  lossRatio: 0,
  roundTripMs: 20,
  jitterMs: 2,
  bufferS: 4,
  framesPerSecond: 30,
  health: 100,
  videoQuality: 95,
  ...changes,
})

export const liveConnection = (changes: Partial<LiveConnection> = {}): LiveConnection => ({
  id: 'a',
  content: 'bafyfilm/clip.mp4',
  state: 'active',
  peerStates: {
    connection: 'connected',
    ice: 'connected',
    signaling: 'stable',
    gathering: 'complete',
    dataChannels: [],
  },
  quality: 'auto',
  sentQuality: 'very_high',
  qualities: [],
  codecs: ['vp9', 'opus'],
  peer: '192.0.2.7:4000',
  worker: 0,
  createdAtMs: 1_000,
  durationS: 15,
  mediaTimeS: 5,
  paused: false,
  isReporting: true,
  underruns: 0,
  health: { value: 100, version: 1, reasons: [], unknown: [] },
  videoQuality: { value: 95, version: 1, reasons: [], unknown: [] },
  sample: liveSample(),
  ...changes,
})
