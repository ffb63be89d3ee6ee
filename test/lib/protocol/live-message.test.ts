import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOfOtherVersion, parseLive, parseState } from '../../../src/lib/protocol/live-message.ts'
import { connection, liveState } from '../../support/live-state.ts'

describe('a message of the live feed', () => {
  it('is taken in as it is written', () => {
    const state = liveState([connection('a')])
    expect(parseLive(JSON.stringify(state))).toEqual(state)
    const { server: _, version: __, ...lists } = state
    expect(parseLive(JSON.stringify({ ...lists, type: 'change', gone: ['a'] }))).toMatchObject({ gone: ['a'] })
  })

  it('is refused, and never thrown at, whatever part of it is something else', () => {
    const state = liveState([connection('a')]) as unknown as Record<string, unknown>
    for (const part of ['atMs', 'summary', 'server', 'connections', 'operations', 'tasks', 'events', 'workers'])
      fc.assert(
        fc.property(fc.oneof(fc.string(), fc.constant(null), fc.array(fc.jsonValue(), { minLength: 1 })), (other) => {
          expect(parseLive(JSON.stringify({ ...state, [part]: other }))).toBeUndefined()
        }),
        { numRuns: 30 },
      )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseLive(text)).toBeUndefined()
      }),
    )
    const bad = [{ sample: 3 }, { qualities: 'low' }, { peerStates: null }, { health: { reasons: [1], unknown: [] } }]
    for (const fields of bad)
      expect(parseLive(JSON.stringify(liveState([connection('a', fields as never)])))).toBeUndefined()
  })

  it('of another version is none, and said to be one', () => {
    const state = liveState([])
    const other = JSON.stringify({ ...state, version: state.version + 1 })
    expect(parseState(other)).toBeUndefined()
    expect([other, JSON.stringify(state), '{}', '{'].map(isOfOtherVersion)).toEqual([true, false, false, false])
  })
})
