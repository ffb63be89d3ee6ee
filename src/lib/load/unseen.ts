// The part of a session's record that is measured, of one of which nothing was.
import type { LoadSession } from '../protocol/load-result.ts'

export const unseen = {
  startupMs: null,
  connectMs: null,
  iceMs: null,
  dtlsMs: null,
  firstPacketMs: null,
  frames: 0,
  framesDropped: 0,
  freezes: 0,
  frozenS: 0,
  bytes: 0,
  packets: 0,
  packetsLost: 0,
  packetsRecovered: 0,
  roundTripMs: null,
  jitterMs: null,
  rungs: [],
} as const satisfies Partial<LoadSession>
