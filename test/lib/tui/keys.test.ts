import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eachKey, type Key, keyHelp, toAction } from '../../../src/lib/tui/keys.ts'
import type { Mode } from '../../../src/lib/tui/ui.ts'

/** Half of them beyond Latin-1, surrogates too. */
const anyCharacter = fc.oneof(fc.nat(0xff), fc.nat(0xffff)).map((code) => String.fromCharCode(code))
const modes: readonly Mode[] = ['browse', 'filter', 'close', 'quality', 'help']
const names = [
  'upArrow',
  'downArrow',
  'pageUp',
  'home',
  'return',
  'escape',
  'tab',
  'backspace',
  'delete',
  'ctrl',
  'meta',
]
const key: fc.Arbitrary<Key> = fc.subarray(names).map((held) => Object.fromEntries(held.map((name) => [name, true])))

describe('a key', () => {
  it('of Ctrl-C quits, whatever is on the screen, and Esc goes back', () => {
    for (const one of modes) {
      expect(toAction(one, 'c', { ctrl: true })).toEqual({ type: 'quit' })
      expect(toAction(one, 'z', { ctrl: true })).toBeUndefined()
      expect(toAction(one, '', { escape: true })).toEqual({ type: 'back' })
    }
  })

  it('closes a stream only where it is y', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2 }), key, (input, held) => {
        const isYes = (input === 'y' || input === 'Y') && !held.ctrl && !held.escape
        expect(toAction('close', input, held)?.type === 'confirm').toBe(isYes)
      }),
    )
    expect(toAction('close', '\r', { return: true })).toBeUndefined()
    expect(toAction('close', 'q', {})).toEqual({ type: 'back' })
  })

  it('is text in a filter, where it is a letter of another mode too', () => {
    for (const letter of ['q', 'c', 'j', '?', ' '])
      expect(toAction('filter', letter, {})).toEqual({ type: 'type', text: letter })
    expect(toAction('filter', '', { backspace: true })).toEqual({ type: 'erase' })
    expect(toAction('filter', 'b', { meta: true })).toBeUndefined()
    expect(toAction('filter', '\t', { tab: true })).toBeUndefined()
  })

  const moving = /[\p{Cc}\p{Cf}\p{Cs}]/u
  it('never puts into a filter what moves a cursor', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), key, (input, held) => {
        const action = toAction('filter', input, held)
        if (action?.type === 'type') expect(moving.test(action.text)).toBe(false)
      }),
    )
  })

  it('chooses in a list by arrows of both kinds and by letters', () => {
    for (const [input, held] of [
      ['k', {}],
      ['', { upArrow: true }],
      ['', { leftArrow: true }],
    ] as const)
      expect(toAction('quality', input, held)).toEqual({ type: 'move', by: -1 })
    for (const [input, held] of [
      ['j', {}],
      ['', { downArrow: true }],
      ['', { rightArrow: true }],
    ] as const)
      expect(toAction('quality', input, held)).toEqual({ type: 'move', by: 1 })
    expect(toAction('quality', 'q', {})).toEqual({ type: 'back' })
    expect(toAction('quality', 'c', {})).toBeUndefined()
  })

  it('leaves the help, whichever it is, and q all of it', () => {
    expect(toAction('help', 'x', {})).toEqual({ type: 'back' })
    expect(toAction('help', 'q', {})).toEqual({ type: 'quit' })
  })

  it('that nobody knows does nothing', () => {
    for (const input of ['x', '', 'é', '🎬']) expect(toAction('browse', input, {}), input).toBeUndefined()
    expect(toAction('browse', 'c', { meta: true })).toBeUndefined()
  })
})

describe('keys that came as one text', () => {
  it('are the same one by one, none lost and none through the middle', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 2 }), (text) => {
        const each = eachKey(text, {})
        expect(each.map(([input]) => input).join('')).toBe(text)
        for (const [input] of each) expect([...input]).toHaveLength(1)
      }),
    )
  })

  it('have Enter, Tab and the erasing key among them', () => {
    const actions = eachKey('a\u007F\r', {}).map(([input, held]) => toAction('filter', input, held)?.type)
    expect(actions).toEqual(['type', 'erase', 'confirm'])
    expect(eachKey('j\tj', {}).map(([input, held]) => toAction('browse', input, held)?.type)).toEqual([
      'move',
      'pane',
      'move',
    ])
  })

  it('are one where Ctrl or Alt is held', () => {
    expect(eachKey('cc', { ctrl: true })).toEqual([['cc', { ctrl: true }]])
  })
})

it('the help names each letter that does something, once', () => {
  const letters = keyHelp.flatMap(([keys]) =>
    keys.split(/\s+/).filter((one) => one.length === 1 && /[a-zA-Z?/]/.test(one)),
  )
  expect(new Set(letters).size).toBe(letters.length)
  for (const letter of letters) expect(toAction('browse', letter, {}), letter).toBeDefined()
  for (const letter of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
    if (toAction('browse', letter, {})) expect(letters).toContain(letter)
})
