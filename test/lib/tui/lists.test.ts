import { describe, expect, it } from 'vitest'
import type { LiveState } from '../../../src/lib/protocol/live.ts'
import { clockTime } from '../../../src/lib/tui/format.ts'
import { listLines } from '../../../src/lib/tui/lists.ts'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { liveState, startedAtMs } from '../../support/live-state.ts'

const event = (at: number, more: Partial<LiveState['events'][number]> = {}) => ({
  ...{ type: 'quality_change' as const, atMs: startedAtMs + at, connectionId: 'abcdefgh-1234', details: {} },
  ...more,
})
const failure = { code: 'MEDIA_CORRUPT', message: 'torn', hint: '' } as const
const state = liveState([], {
  events: [
    event(0, { details: { from: 'low', to: 'high' } }),
    event(1000, { type: 'error', details: { code: 'X' } }),
    event(2000, { type: 'ice_state_change', details: { from: 'new', to: 'checking' } }),
  ],
  operations: [
    {
      ...{ id: '1', type: 'add', status: 'completed', startedAtMs, endedAtMs: startedAtMs + 12.4 },
      details: { bytes: 7 },
    },
    {
      ...{ id: '2', type: 'stream_content', status: 'failed', startedAtMs, endedAtMs: startedAtMs + 1 },
      ...{ connectionId: 'abcdefgh-1234', error: failure, details: { cid: 'bafy' } },
    },
    { ...{ id: '3', type: 'pin', status: 'started', startedAtMs }, details: { cid: 'bafy' } },
  ],
  tasks: [{ id: 't', name: 'read_ahead', owner: 'abcdefgh-1234', status: 'running', createdAtMs: startedAtMs }],
})
const texts = (pane: 'events' | 'operations' | 'tasks', limit = 10) =>
  listLines(state, pane, limit).map(({ text }) => text.trimEnd().split(/ {2,}/))

describe('lines', () => {
  it('of events are the newest first, as many as there is room for', () => {
    expect(texts('events').map(([, , type, details]) => `${type} ${details}`)).toEqual([
      'ice_state_change from=new to=checking',
      'error code=X',
      'quality_change from=low to=high',
    ])
    expect(texts('events')[2]!.slice(0, 2)).toEqual([clockTime(startedAtMs), 'abcdefgh'])
    expect(texts('events', 2)).toEqual(texts('events').slice(0, 2))
    for (const limit of [0, -3]) expect(listLines(state, 'events', limit)).toEqual([])
  })

  it('of operations say how long they took, what failed, and of what went well what it was about', () => {
    const [running, failed, done] = texts('operations').map((parts) => parts.slice(2).join(' '))
    expect(running).toBe('pin started')
    expect(failed).toBe('stream_content 1 ms MEDIA_CORRUPT: torn')
    expect(done).toBe('add 12 ms bytes=7')
  })

  it('of tasks name whom they are for', () => {
    expect(texts('tasks')).toEqual([[clockTime(startedAtMs), 'abcdefgh', 'read_ahead', 'running']])
  })

  it('are red where something is wrong, and else not coloured', () => {
    expect(listLines(state, 'events', 3).map(({ tone }) => tone)).toEqual([undefined, 'bad', undefined])
    expect(listLines(state, 'operations', 3).map(({ tone }) => tone)).toEqual([undefined, 'bad', undefined])
  })

  it('have their columns under each other, also where names are long or nobody is concerned', () => {
    const odd = liveState([], {
      tasks: ['x'.repeat(60), '日本語', ''].map((name, at) => ({
        ...{ id: `${at}`, name, status: 'completed', createdAtMs: startedAtMs, endedAtMs: startedAtMs + 10 ** at },
        ...(at === 0 && { owner: 'o' }),
      })),
    })
    const ends = listLines(odd, 'tasks', 10).map(({ text }) => widthOf(text.slice(0, text.indexOf('completed'))))
    expect(new Set(ends).size).toBe(1)
  })

  it('show what others wrote, also where it is no text', () => {
    const details = JSON.parse('{"a":{"toString":1},"b":null}')
    const [line] = listLines(liveState([], { events: [event(0, { details })] }), 'events', 1)
    expect(line!.text).toContain('a=[object] b=null')
  })
})
