// A stretch of a real history, played.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createReplay, firstMoment } from '../../../src/lib/client/replay.ts'
import { createTape } from '../../../src/lib/client/replay-tape.ts'
import type { ConnectionRow, HistoryBatch, SampleRow } from '../../../src/lib/history/rows.ts'
import { type HistoryStore, openHistoryStore } from '../../../src/lib/history/store.ts'
import { eachFigure } from '../../../src/lib/model/figure-table.ts'
import type { ReadHistory } from '../../../src/lib/model/history.ts'
import type { WatchLink } from '../../../src/lib/model/link.ts'
import type { LiveState } from '../../../src/lib/protocol/live.ts'
import { until } from '../../support/e2e.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const noon = Date.parse('2026-05-04T12:00:00Z')
const nothing: HistoryBatch = {
  ...{ connections: [], samples: [], events: [], operations: [], workers: [], decisions: [] },
}

const row = (id: string, atS: number, closedAtS: number | null, more: Partial<ConnectionRow> = {}): ConnectionRow => ({
  ...{ id, content: 'bafy', createdAtMs: noon + atS * 1000, connectedAtMs: noon + atS * 1000 + 200 },
  closedAtMs: closedAtS === null ? null : noon + closedAtS * 1000,
  ...{ closeReason: closedAtS === null ? null : 'viewer_left', errorCode: null, error: null, peer: '127.0.0.1:4' },
  ...{ codecs: 'vp9,opus', firstFrameMs: 250, freezeCount: 0, freezeS: 0, underruns: 0 },
  ...more,
})
const sample = (connection: string, atS: number, more: Partial<SampleRow> = {}): SampleRow => ({
  ...eachFigure(() => null),
  ...{ atMs: noon + atS * 1000, connection, mediaTimeS: atS, quality: 'high', bitrateBps: atS * 1000, lossRatio: 0.01 },
  ...{ roundTripMs: 20, jitterMs: 3, bufferS: 4, framesPerSecond: 30, health: 85, videoQuality: 90, underruns: 0 },
  ...{ freezeCount: 1, freezeS: 0.5, reasons: '−15: loss 3.1 %, −10: picture 480p' },
  ...more,
})
const operation = { ...{ endedAtMs: noon + 50, correlation: null, errorCode: null, error: null }, status: 'completed' }

describe('a recorded stretch', () => {
  let folder: string
  let store: HistoryStore
  let read: ReadHistory
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcpx-replay-'))
    store = openHistoryStore(folder)
    read = async (...args) => store.read(...args)
    store.write({
      ...nothing,
      connections: [row('a', 0, 20), row('b', 600, null)],
      samples: [sample('a', 2), sample('a', 4), sample('a', 18), sample('b', 602)],
      events: [
        { atMs: noon + 100, connection: 'a', type: 'ice_state_change', details: '{"from":"new","to":"connected"}' },
        { atMs: noon + 5000, connection: 'a', type: 'quality_change', details: '{"from":"auto","to":"low"}' },
        { atMs: noon + 6000, connection: 'a', type: 'error', details: 'not JSON' },
      ],
      operations: [
        { ...operation, id: 'o', type: 'stream_content', startedAtMs: noon - 1, connection: 'a', details: '{}' },
      ],
    })
  })
  afterEach(() => {
    store.close()
    rmSync(folder, { recursive: true })
  })

  const tape = (fromS = 0, toS = 700) => createTape(read, { fromMs: noon + fromS * 1000, toMs: noon + toS * 1000 })
  const atS = (one: ReturnType<typeof tape>, seconds: number) => one.to(noon + seconds * 1000)

  it('gives the state of each moment, and nothing of what came later', async () => {
    const one = tape(-1)
    expect((await atS(one, -1)).connections).toEqual([])
    const early = (await atS(one, 3)).connections[0]!
    expect(early).toMatchObject({
      ...{ id: 'a', state: 'active', quality: 'auto', sentQuality: 'high', isReporting: true, codecs: ['vp9', 'opus'] },
      sample: { atMs: noon + 2000, bitrateBps: 2000 },
      peerStates: { ice: 'connected' },
      health: { value: 85, reasons: [{ points: 15, text: 'loss 3.1 %' }] },
      videoQuality: { value: 90, reasons: [{ points: 10, text: 'picture 480p' }] },
    })
    expect(early.closedAtMs).toBeUndefined()
    const later = await atS(one, 10)
    expect(later.connections).toMatchObject([{ quality: 'low', sample: { atMs: noon + 4000 } }])
    expect([later.events.length, later.operations.length, later.summary.events]).toEqual([3, 1, 3])
    expect((await atS(one, 30)).connections).toMatchObject([{ state: 'closed', closeReason: 'viewer_left' }])
    expect((await atS(one, 601)).connections.map(({ id }) => id)).toEqual(['b', 'a'])
  })

  it('knows what was before it', async () => {
    expect((await atS(tape(10), 10)).connections).toMatchObject([{ quality: 'low', peerStates: { ice: 'connected' } }])
  })

  it('forgets a connection that was cut off with its server', async () => {
    const one = tape(0, 900)
    expect((await atS(one, 650)).connections.map(({ id }) => id)).toContain('b')
    expect((await atS(one, 700)).connections.map(({ id }) => id)).not.toContain('b')
  })

  it('begins at the first row there is, or says that there is none', async () => {
    expect(await firstMoment(read, noon + 1e6)).toBe(noon)
    await expect(firstMoment(read, noon - 1e9)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  function play(speed: number) {
    const clock = new FakeClock()
    const over = new AbortController()
    const [links, states]: [WatchLink[], LiveState[]] = [[], []]
    const stretch = { fromMs: noon, toMs: noon + 700_000 }
    const replay = createReplay({ ...stretch, read, speed, intervalMs: 1000, clock })
    const playing = replay.follow({
      signal: over.signal,
      onLink: (link) => links.push(link),
      onMessage: (message) => states.push(message as LiveState),
    })
    const passes = (what: string, isSo: () => boolean) =>
      until(
        what,
        async () => {
          await clock.advanceAsync(1000)
          return isSo()
        },
        { everyMs: 1 },
      )
    return { clock, over, links, states, replay, playing, passes }
  }

  it('plays at its speed, passes over what is empty, and ends', async () => {
    const { clock, links, states, playing, passes } = play(2)
    const startedAtMs = clock.now()
    await passes('the end', () => links.some((link) => link.kind === 'replay' && link.isOver))
    await playing
    // 20 s and 60 s of rows at twice the speed, with ten minutes between them in which nothing happened.
    expect(clock.now() - startedAtMs).toBeLessThan(120_000)
    expect(states.at(-1)!.atMs).toBe(noon + 700_000)
    const moments = states.map(({ atMs }) => atMs)
    expect(moments).toEqual([...moments].sort((a, b) => a - b))
    expect(new Set(states.flatMap((one) => one.connections.map(({ sample }) => sample?.atMs)))).toContain(noon + 18_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('holds, goes on, and stops where it is told to', async () => {
    const { clock, over, states, links, replay, playing, passes } = play(1)
    await passes('something plays', () => states.length > 3)
    replay.pause(true)
    expect(links.at(-1)).toMatchObject({ isPaused: true })
    await passes('it holds', () => clock.pendingTimers === 0)
    const held = states.length
    await clock.advanceAsync(60_000)
    expect(states).toHaveLength(held)
    replay.pause(false)
    await passes('it goes on', () => states.length > held)
    over.abort()
    await playing
  })
})
