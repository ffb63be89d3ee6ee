// Snapshots by hand, as a worker takes them.
import type { OutboundStats, StatsSnapshot } from '../../src/lib/model/stats.ts'

export const outbound = (change: Partial<OutboundStats> = {}): OutboundStats => ({
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

export const counted = (change: Partial<StatsSnapshot> = {}): StatsSnapshot => ({
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
  isStalled: false,
  isReporting: false,
  ...change,
})
