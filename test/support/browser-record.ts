// A record of a page of the load tool, with nothing in it unless a test says so.
import type { BrowserRecord } from '../../src/lib/protocol/browser-records.ts'

export const recordOf = (fields: Partial<BrowserRecord> = {}): BrowserRecord => ({
  session: 0,
  sequence: 0,
  atMs: 0,
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
  durationS: null,
  rungs: [],
  isOver: false,
  error: null,
  ...fields,
})
