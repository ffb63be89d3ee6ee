// States of the live feed for tests that show them: whole, and as the server writes them.
import { eachFigure } from '../../src/lib/model/figure-table.ts'
import { newPeerStates } from '../../src/lib/model/stream.ts'
import type { LiveConnection, LiveSample, LiveState } from '../../src/lib/protocol/live.ts'

export const startedAtMs = 1_700_000_000_000

export const sampleAt = (atMs: number, figures: Partial<LiveSample> = {}): LiveSample => ({
  ...eachFigure(() => null),
  atMs,
  bitrateBps: 2_410_000,
  lossRatio: 0.031,
  roundTripMs: 240,
  jitterMs: 12,
  bufferS: 3.7,
  framesPerSecond: 29.97,
  health: 75,
  videoQuality: null,
  ...figures,
})

/** A connection that plays well known figures; `id` is made to look like one of a server. */
export const connection = (id: string, more: Partial<LiveConnection> = {}): LiveConnection => ({
  id: id.padEnd(36, '0'),
  content: 'bafybeihbcfzbay5n3uehiqr2d76sgcjek537tzb5u32oz7lujzvsakp42e',
  state: 'active',
  peerStates: { ...newPeerStates, connection: 'connected', ice: 'connected', dataChannels: ['mcpx'] },
  quality: 'auto',
  sentQuality: 'high',
  qualities: ['low', 'medium', 'high'],
  codecs: ['vp9', 'opus'],
  peer: '127.0.0.1:4000',
  createdAtMs: startedAtMs + 1000,
  connectedAtMs: startedAtMs + 1200,
  durationS: 600,
  mediaTimeS: 61,
  paused: false,
  isReporting: true,
  firstFrameMs: 317,
  freezeCount: 2,
  totalFreezesDurationS: 1.5,
  underruns: 0,
  health: { value: 75, version: 1, reasons: [{ points: 15, text: 'loss 3.1 %' }], unknown: [] },
  videoQuality: { version: 1, reasons: [], unknown: ['freezes'] },
  sample: sampleAt(startedAtMs + 62_000),
  ...more,
})

/** One that nobody has measured: all that may be absent is. */
export function bareConnection(id: string): LiveConnection {
  const { id: padded, content, peerStates } = connection(id, { peerStates: newPeerStates })
  return {
    ...{ id: padded, content, peerStates, state: 'waiting', quality: 'auto', qualities: [], codecs: [] },
    ...{ createdAtMs: startedAtMs, durationS: 0, mediaTimeS: 0, paused: false, isReporting: false, underruns: 0 },
  }
}

export function liveState(connections: readonly LiveConnection[], more: Partial<LiveState> = {}): LiveState {
  const atMs = startedAtMs + 62_000
  return {
    type: 'state',
    version: 1,
    server: { version: '1.2.3', nodeId: 'node', startedAtMs, pollIntervalS: 2 },
    atMs,
    summary: {
      startedAtMs,
      atMs,
      connections: { total: 0, connected: 0, disconnected: 0, new: 0, connecting: 0, closed: 0, failed: 0 },
      operations: { started: 0, completed: 3, failed: 1, canceled: 0, total: 4 },
      pendingTasks: 2,
      events: 9,
    },
    connections,
    operations: [],
    tasks: [],
    events: [],
    workers: [],
    ...more,
  }
}
