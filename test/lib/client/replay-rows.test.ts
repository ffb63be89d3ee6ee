import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterEvent,
  afterOperation,
  connectionAt,
  newPlayed,
  summaryAt,
  toEvent,
  toOperation,
} from '../../../src/lib/client/replay-rows.ts'
import { connectionRow, sampleRow } from '../../../src/lib/history/rows.ts'
import { columnOf } from '../../../src/lib/model/figure-table.ts'
import { measure } from '../../../src/lib/model/figures.ts'
import { newPeerStates, type StreamRecord } from '../../../src/lib/model/stream.ts'
import { toLiveConnection } from '../../../src/lib/protocol/live.ts'
import { counted, outbound } from '../../support/stats.ts'

const stream: StreamRecord = {
  ...{ id: 'a', content: 'bafy', state: 'active', quality: 'auto', createdAtMs: 0, connectedAtMs: 200, sent: [] },
  peerStates: newPeerStates,
}
const before = counted({
  atMs: 1000,
  viewer: { atMs: 900, totalFreezesDurationS: 0, framesDecoded: 0, framesDropped: 0 },
})
const report = { packetsLost: 9, highestSequence: 300, fractionLost: 0.031, roundTripTimeS: 0.34, jitterS: 0.06 }
const seen = { atMs: 2900, freezeCount: 1, totalFreezesDurationS: 0.2, framesDecoded: 50, framesDropped: 5 }

/** As SQLite gives it back. */
const asRow = (row: object) =>
  Object.fromEntries(Object.entries(row).map(([field, value]) => [columnOf(field), value ?? null]))

it.each([
  ['with all that can be wrong', { underruns: 2, isReporting: true, viewer: seen, pictureHeight: 180 }],
  ['of a viewer that says nothing', { pictureHeight: 720 }],
])('a score %s reads the same live and played again', (_name, change) => {
  const snapshot = measure(counted({ atMs: 3000, video: outbound(report), ...change }), before)
  const { figures } = snapshot
  const live = toLiveConnection({ stream, snapshot, figures, updatedAtMs: 3000, events: [], errors: [], tasks: [] })
  const row = newPlayed(asRow(connectionRow(stream, snapshot)))
  const played = connectionAt({ ...row, sample: asRow(sampleRow(snapshot)) }, 3000)
  expect(played.health).toEqual(live.health)
  expect(played.videoQuality).toEqual(live.videoQuality)
  expect(played.sample).toEqual(live.sample)
  expect(live.health!.reasons.map(({ text }) => text)).toContain('loss 3.1 %')
})

/** Anything that a damaged or foreign database may give. */
const anyValue = fc.oneof(fc.constant(null), fc.integer(), fc.double(), fc.string(), fc.constant('{"to":"low"}'))
const anyRow = fc.dictionary(
  fc.constantFrom(
    ...[
      'id',
      'type',
      'at_ms',
      'connection',
      'details',
      'status',
      'started_at_ms',
      'ended_at_ms',
      'error_code',
      'error',
    ],
    ...['created_at_ms', 'connected_at_ms', 'closed_at_ms', 'close_reason', 'codecs', 'peer', 'quality', 'reasons'],
    ...['health', 'video_quality', 'freeze_count', 'underruns', 'first_frame_ms', 'content'],
  ),
  anyValue,
)

describe('a row', () => {
  it('of an event says what it can, and nothing where it says nothing', () => {
    const event = { at_ms: 5, connection: 'a', type: 'quality_change', details: '{"from":"auto","to":"low"}' }
    expect(toEvent(event)).toEqual({
      ...{ type: 'quality_change', atMs: 5, connectionId: 'a' },
      details: { from: 'auto', to: 'low' },
    })
    for (const details of ['not JSON', '17', 'null', null, 3])
      expect(toEvent({ ...event, details }).details).toEqual({})
    expect(toEvent({})).toEqual({ type: 'error', atMs: 0, connectionId: '', details: {} })
  })

  it('of an operation has its error and its end only where there are some', () => {
    const row = { id: 7, type: 'stream_content', status: 'failed', started_at_ms: 1, details: '{}' }
    expect(toOperation(row)).toEqual({
      ...{ id: '7', type: 'stream_content', status: 'failed', startedAtMs: 1, details: {} },
    })
    expect(
      toOperation({ ...row, ended_at_ms: 9, connection: 'a', error_code: 'INTERNAL', error: 'it broke' }),
    ).toMatchObject({
      ...{ endedAtMs: 9, connectionId: 'a', error: { code: 'INTERNAL', message: 'it broke' } },
    })
  })

  it('whatever is in it is played without a fault', () => {
    fc.assert(
      fc.property(anyRow, anyRow, anyRow, fc.integer({ min: 0 }), (row, sample, event, atMs) => {
        const played = afterOperation(afterEvent({ ...newPlayed(row), sample }, toEvent(event)), toOperation(event))
        const shown = connectionAt(played, atMs)
        expect(['waiting', 'connecting', 'active', 'closed']).toContain(shown.state)
        expect(() => JSON.stringify(shown)).not.toThrow()
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})

describe('a connection that is played', () => {
  const event = (type: string, details: object) =>
    toEvent({ type, at_ms: 1, connection: 'a', details: JSON.stringify(details) })
  const row = {
    id: 'a',
    content: 'bafy',
    created_at_ms: 0,
    connected_at_ms: 100,
    closed_at_ms: 900,
    close_reason: 'timeout',
  }

  it('is at each moment what it was then, not what became of it', () => {
    const failed = { ...row, error_code: 'PEER_FAILED', error: 'no path' }
    const at = (atMs: number) => connectionAt(newPlayed(failed), atMs)
    expect([50, 100, 899, 900].map((atMs) => at(atMs).state)).toEqual(['waiting', 'active', 'active', 'closed'])
    expect(at(899)).not.toHaveProperty('error')
    expect(at(900)).toMatchObject({
      closedAtMs: 900,
      closeReason: 'timeout',
      error: { code: 'PEER_FAILED', message: 'no path' },
    })
  })

  it('has the states and channels that events tell of, in their order', () => {
    const steps = [
      event('ice_state_change', { from: 'new', to: 'checking' }),
      event('gathering_state_change', { to: 'complete' }),
      event('data_channel_added', { data_channel: 'mcpx' }),
      event('data_channel_added', { data_channel: 'mcpx' }),
      event('data_channel_added', { data_channel: 'other' }),
      event('data_channel_removed', { data_channel: 'other' }),
      event('something_new', { to: 'x' }),
    ]
    const played = steps.reduce(afterEvent, newPlayed(row))
    expect(played.peerStates).toMatchObject({
      ice: 'checking',
      gathering: 'complete',
      connection: 'new',
      dataChannels: ['mcpx'],
    })
    expect(connectionAt(played, 50).state).toBe('connecting')
  })

  it('was asked for in a quality by what opened it, until the viewer asked for another', () => {
    const opened = toOperation({ id: 'o', details: '{"quality":"high"}' })
    const other = toOperation({ id: 'p', details: '{"quality":"low"}' })
    const asked = [opened, other].reduce(afterOperation, newPlayed(row))
    expect(connectionAt(asked, 1).quality).toBe('high')
    expect(connectionAt(afterEvent(asked, event('quality_change', { to: 'low' })), 1).quality).toBe('low')
    expect(connectionAt(afterEvent(asked, event('quality_change', { to: 'no such' })), 1).quality).toBe('high')
    expect(connectionAt(newPlayed(row), 1).quality).toBe('auto')
  })
})

it('a summary counts connections by their state and operations by how they went', () => {
  const at = (id: string, closed: number | null, more: object = {}) =>
    connectionAt(newPlayed({ id, created_at_ms: 0, connected_at_ms: 10, closed_at_ms: closed, ...more }), 100)
  const operations = ['completed', 'failed', 'failed', 'canceled', 'started'].map((status, id) =>
    toOperation({ id, status }),
  )
  const connections = [
    at('a', null),
    at('b', 50),
    at('c', 60, { error_code: 'INTERNAL' }),
    at('d', 200),
    at('e', null, { connected_at_ms: null }),
  ]
  expect(summaryAt(connections, { fromMs: 0, atMs: 100, events: 7, operations })).toMatchObject({
    ...{ startedAtMs: 0, atMs: 100, events: 7 },
    connections: { total: 5, connected: 2, closed: 2, failed: 1, new: 1, connecting: 0 },
    operations: { total: 5, started: 1, completed: 1, failed: 2, canceled: 1 },
  })
})
