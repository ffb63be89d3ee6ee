import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyLive,
  type LiveChange,
  type LiveConnection,
  type LiveState,
  liveLimits,
  liveVersion,
} from '../../../src/lib/protocol/live.ts'
import { liveConnection } from '../../support/live-connection.ts'

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
