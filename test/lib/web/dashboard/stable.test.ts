import { describe, expect, it } from 'vitest'
import type { LiveState } from '../../../../src/lib/protocol/live.ts'
import { distinctKeys, keepLists } from '../../../../src/web/dashboard/stable.ts'

const state = (lists: Partial<LiveState>) =>
  ({ connections: [], operations: [], tasks: [], events: [], workers: [], ...lists }) as unknown as LiveState
const event = (type: string) => ({ type, atMs: 1, connectionId: 'a' }) as LiveState['events'][number]

describe('what has not changed', () => {
  it('stays the same object, and what has changed does not', () => {
    const [first, second] = [event('x'), event('y')]
    const before = state({ events: [first] })
    expect(keepLists(before, state({ events: [first] })).events).toBe(before.events)
    for (const events of [[], [second], [first, second]])
      expect(keepLists(before, state({ events })).events).toBe(events)
    expect(keepLists(undefined, before)).toBe(before)
  })
})

describe('keys', () => {
  it('differ, and stay when more comes after', () => {
    const keys = distinctKeys(['a', 'b', 'a', 'a'])
    expect(new Set(keys).size).toBe(4)
    expect(distinctKeys(['a', 'b', 'a', 'a', 'b', 'c']).slice(0, 4)).toEqual(keys)
  })
})
