import { describe, expect, it } from 'vitest'
import { columnNames } from '../../../src/lib/tui/columns.ts'
import { snapshotOf } from '../../../src/lib/tui/snapshot.ts'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { bareConnection, connection, liveState, startedAtMs } from '../../support/live-state.ts'

describe('one moment as tables', () => {
  it('has a row of all columns for each connection, and – for what nobody measured', () => {
    const { head, connections } = snapshotOf(liveState([connection('a'), bareConnection('b')]), 'http://server')
    expect(head.split('\n')[0]).toBe('http://server  up 1:02  mcpx 1.2.3')
    expect(head.split('\n')[1]).toMatch(/^2 open/)
    for (const row of connections.rows) expect(row).toHaveLength(connections.head.length)
    const cell = (row: number, name: (typeof columnNames)[number]) => connections.rows[row]![columnNames.indexOf(name)]
    expect([cell(0, 'id'), cell(0, 'loss'), cell(0, 'rtt'), cell(0, 'freezes')]).toEqual([
      'a0000000',
      '3.1%',
      '240',
      '2',
    ])
    expect([cell(1, 'loss'), cell(1, 'rtt'), cell(1, 'freezes')]).toEqual(['–', '–', '–'])
  })

  it('gives scores with their reasons, and none of a connection that has none', () => {
    const { scores } = snapshotOf(liveState([connection('a'), bareConnection('b')]), 's')
    expect(scores.rows).toEqual([['a0000000', ' 75  −15: loss 3.1 %', '  –  not known: freezes']])
  })

  it('cuts content in the middle', () => {
    const { connections } = snapshotOf(liveState([connection('a', { content: `bafy${'x'.repeat(90)}/end.mp4` })]), 's')
    const content = connections.rows[0]![columnNames.indexOf('content')]!
    expect(widthOf(content)).toBe(40)
    expect(content).toMatch(/^bafy.*….*end\.mp4$/)
  })

  it('has the last of each list, the newest first', () => {
    const events = Array.from({ length: 30 }, (_, at) => ({
      ...{ type: 'error' as const, atMs: startedAtMs + at, connectionId: 'a', details: { at } },
    }))
    const { lists } = snapshotOf(liveState([], { events }), 's')
    expect(lists.map(({ title, lines }) => `${title} ${lines.length}`)).toEqual([
      'Events 10',
      'Operations 0',
      'Tasks 0',
    ])
    expect(lists[0]!.lines.map((line) => line.split('at=')[1])).toEqual(
      Array.from({ length: 10 }, (_, at) => String(29 - at)),
    )
  })

  it('is harmless, whatever others wrote into it', () => {
    const evil = '\u001B]0;owned\u0007\n\u202Ex'
    const state = liveState([connection('a', { id: evil, content: evil, peer: evil, codecs: [evil] })], {
      events: [{ type: 'error', atMs: startedAtMs, connectionId: evil, details: { [evil]: evil } }],
      tasks: [{ id: evil, name: evil, owner: evil, status: 'running', createdAtMs: startedAtMs }],
    })
    const { head, ...tables } = snapshotOf(state, evil)
    expect(head.split('\n')).toHaveLength(2)
    const texts = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts)
    const all = [...head.split('\n'), ...texts(tables)]
    expect(all.join('')).toContain('owned')
    for (const text of all) expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})
