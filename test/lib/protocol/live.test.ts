import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measure } from '../../../src/lib/model/figures.ts'
import type { MonitoredConnection } from '../../../src/lib/model/monitor.ts'
import { newPeerStates, type StreamRecord } from '../../../src/lib/model/stream.ts'
import {
  applyLive,
  type LiveChange,
  type LiveConnection,
  type LiveState,
  liveLimits,
  liveVersion,
  toLiveConnection,
} from '../../../src/lib/protocol/live.ts'
import { liveConnection } from '../../support/live-connection.ts'
import { counted, outbound } from '../../support/stats.ts'

const empty = { atMs: 1, summary: {} as LiveState['summary'], operations: [], tasks: [], events: [], workers: [] }
const server = { version: '1', nodeId: 'n', startedAtMs: 0, pollIntervalS: 2 }
const stateOf = (connections: readonly LiveConnection[]): LiveState => ({
  ...empty,
  ...{ type: 'state', version: liveVersion, server, connections },
})
const change = (connections: readonly LiveConnection[], gone: readonly string[] = []): LiveChange => ({
  ...empty,
  ...{ type: 'change', connections, gone },
})

const connection = fc.record({ at: fc.nat(1000), isClosed: fc.boolean() }).map(({ at, isClosed }) =>
  liveConnection({
    id: `c${at}`,
    createdAtMs: at,
    ...(isClosed && { state: 'closed' as const, closedAtMs: 2000 - at }),
  }),
)
const connections = fc.uniqueArray(connection, { selector: ({ id }) => id, maxLength: 20 })

describe('what a watcher knows', () => {
  it('is the same after changes as from a state that has them', () => {
    fc.assert(
      fc.property(
        connections,
        fc.array(connections, { maxLength: 4 }),
        fc.array(fc.nat(1000)),
        (first, steps, gone) => {
          const ids = gone.map((at) => `c${at}`)
          const known = new Map(first.map((one) => [one.id, one]))
          let state = applyLive(undefined, stateOf(first))
          for (const step of steps) {
            state = applyLive(state, change(step, ids))
            for (const one of step) known.set(one.id, one)
            for (const id of ids) known.delete(id)
          }
          const afresh = applyLive(undefined, stateOf([...known.values()]))!
          expect(state?.connections).toEqual(afresh.connections)
          const states = afresh.connections.map(({ state: one }) => one === 'closed')
          expect(states).toEqual([...states].sort())
        },
      ),
      { seed: 24, numRuns: 60 },
    )
  })

  it('is nothing before the first state', () => {
    expect(applyLive(undefined, change([liveConnection()]))).toBeUndefined()
  })

  it('stays bounded, and keeps the last', () => {
    const closed = (i: number) => liveConnection({ id: `${i}`, state: 'closed', closedAtMs: i })
    const many = Array.from({ length: liveLimits.closed + 50 }, (_, i) => closed(i))
    const state = applyLive(applyLive(undefined, stateOf([])), change(many))!
    expect(state.connections).toHaveLength(liveLimits.closed)
    expect(state.connections[0]!.id).toBe(`${liveLimits.closed + 49}`)
    const event = { type: 'error', atMs: 1, connectionId: 'a', details: {} } as const
    const events = Array.from({ length: 150 }, (_, i) => ({ ...event, atMs: i }))
    const told = applyLive(applyLive(state, { ...change([]), events }), { ...change([]), events })!
    expect(told.events).toHaveLength(liveLimits.events)
    expect(told.events.at(-1)!.atMs).toBe(149)
  })
})

describe('the lists of a watcher', () => {
  const operation = (id: string, status: 'started' | 'completed') =>
    ({ id, type: 'add', status, startedAtMs: 1, details: {} }) as const

  it('have the newer of two of the same id, where it first stood', () => {
    const state = { ...stateOf([]), operations: [operation('a', 'started'), operation('b', 'started')] }
    const told = applyLive(state, {
      ...change([]),
      operations: [operation('a', 'completed'), operation('c', 'started')],
    })!
    expect(told.operations.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'a completed',
      'b started',
      'c started',
    ])
  })

  it('lose the oldest first', () => {
    const many = Array.from({ length: liveLimits.operations + 7 }, (_, at) => operation(`${at}`, 'started'))
    const told = applyLive(stateOf([]), { ...change([]), operations: many })!
    expect(told.operations).toHaveLength(liveLimits.operations)
    expect(told.operations[0]!.id).toBe('7')
  })

  it('have each worker once, by its number, and keep those that say nothing', () => {
    const worker = (number: number, viewers: number) =>
      ({ worker: number, viewers, cpuS: 0, rssBytes: 0, loopDelayP99Ms: 0 }) as const
    const state = { ...stateOf([]), workers: [worker(1, 5), worker(2, 6)] }
    const told = applyLive(state, { ...change([]), workers: [worker(1, 7), worker(0, 1)] })!
    expect(told.workers.map((one) => [one.worker, one.viewers])).toEqual([
      [0, 1],
      [1, 7],
      [2, 6],
    ])
  })

  it('leave what a watcher knew before as it was', () => {
    const before = stateOf([liveConnection({ id: 'a' })])
    const frozen = structuredClone(before)
    applyLive(before, change([liveConnection({ id: 'b' })], ['a']))
    expect(before).toEqual(frozen)
  })
})

describe('a connection of the monitor, as watchers see it', () => {
  const stream: StreamRecord = {
    ...{ id: 'a', content: 'bafy', state: 'active', quality: 'auto', createdAtMs: 1, sent: [] },
    peerStates: newPeerStates,
  }
  const monitored = (more: Partial<MonitoredConnection> = {}): MonitoredConnection => ({
    ...{ stream, updatedAtMs: 1, events: [], errors: [], tasks: [] },
    ...more,
  })

  it('is told before anything was measured, and then without scores and figures', () => {
    const shown = toLiveConnection(monitored())
    expect(shown).toMatchObject({ durationS: 0, mediaTimeS: 0, isReporting: false, underruns: 0, qualities: [] })
    for (const field of ['health', 'sample', 'sentQuality', 'firstFrameMs', 'error', 'peer', 'closedAtMs'])
      expect(shown).not.toHaveProperty(field)
  })

  it('has what was measured, with reasons in words', () => {
    const video = outbound({ fractionLost: 0.03, roundTripTimeS: 0.02, jitterS: 0 })
    const snapshot = measure(counted({ atMs: 5000, video, quality: 'high' }), undefined)
    const shown = toLiveConnection(monitored({ snapshot, figures: snapshot.figures }))
    expect(shown).toMatchObject({ sentQuality: 'high', mediaTimeS: 1, durationS: 10 })
    expect(shown.health!.reasons.map(({ text }) => text)).toEqual(['loss 3.0 %'])
    expect(shown.sample).toMatchObject({ atMs: 5000, lossRatio: 0.03, roundTripMs: 20 })
  })

  it('shows what the viewer said only while it goes on saying it', () => {
    const viewer = { atMs: 900, firstFrameMs: 300, freezeCount: 0, totalFreezesDurationS: 0 }
    const seen = (isReporting: boolean) =>
      toLiveConnection(monitored({ snapshot: measure(counted({ viewer, isReporting }), undefined) }))
    expect(seen(true)).toMatchObject({ firstFrameMs: 300, freezeCount: 0, totalFreezesDurationS: 0 })
    for (const field of ['firstFrameMs', 'freezeCount', 'totalFreezesDurationS'])
      expect(seen(false)).not.toHaveProperty(field)
  })

  it('offers qualities where there is a ladder, and says what is sent before what was measured', () => {
    const rungs = [
      { index: 0, name: 'low' },
      { index: 1, name: 'high' },
    ] as const
    const media = { container: 'mp4', durationS: 60, rungs, mode: 'ladder', rotation: 0, tracks: [] } as const
    const snapshot = measure(counted({ quality: 'high' }), undefined)
    const shown = toLiveConnection(monitored({ stream: { ...stream, media, rung: rungs[0] }, snapshot }))
    expect(shown).toMatchObject({ qualities: ['low', 'high'], sentQuality: 'low', durationS: 60 })
    const fixed = { ...media, mode: 'fixed' } as const
    expect(toLiveConnection(monitored({ stream: { ...stream, media: fixed } })).qualities).toEqual([])
  })

  it('tells of an error what it is, and no more than that', () => {
    const error = { code: 'MEDIA_CORRUPT', message: 'torn', hint: 'Look.' } as const
    const closed = { ...stream, state: 'closed', closedAtMs: 9, closeReason: 'content_failed', error } as const
    expect(toLiveConnection(monitored({ stream: closed }))).toMatchObject({
      ...{ state: 'closed', closedAtMs: 9, closeReason: 'content_failed' },
      error: { code: 'MEDIA_CORRUPT', message: 'torn' },
    })
    expect(toLiveConnection(monitored({ stream: closed })).error).not.toHaveProperty('hint')
  })
})
