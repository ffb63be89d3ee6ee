import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eachKey, type Key, toAction } from '../../../src/lib/tui/keys.ts'
import { choicesOf, type Effect, firstUi, reduce, selectedIndex, type Ui, type View } from '../../../src/lib/tui/ui.ts'
import { connection } from '../../support/live-state.ts'

const rows = [
  connection('a'),
  connection('b'),
  connection('c', { qualities: [] }),
  connection('d', { state: 'closed' }),
]
const view: View = { rows, pageRows: 2, columns: ['id', 'loss'] }

/** What becomes of the screen when these keys are pressed. */
function press(ui: Ui, ...keys: (string | Key)[]): { ui: Ui; effects: Effect[] } {
  const effects: Effect[] = []
  for (const pressed of keys) {
    const [input, key] = typeof pressed === 'string' ? [pressed, {}] : ['', pressed]
    for (const one of eachKey(input, key)) {
      const action = toAction(ui.mode, ...one)
      if (!action) continue
      const after = reduce(ui, action, view)
      ui = after.ui
      if (after.effect) effects.push(after.effect)
    }
  }
  return { ui, effects }
}

const down = { downArrow: true }
const enter = { return: true }
const esc = { escape: true }

describe('keys', () => {
  it('move the selection by one, by pages and to the ends, and not beyond', () => {
    const at = (...keys: (string | Key)[]) => selectedIndex(press(firstUi, ...keys).ui, rows)
    expect([at('j'), at(down, down), at('k'), at('G'), at('G', 'j'), at('G', 'g')]).toEqual([1, 2, 0, 3, 3, 0])
    expect([at({ pageDown: true }), at('jjj', { pageUp: true }), at({ end: true })]).toEqual([2, 1, 3])
  })

  it('keep the selection on its connection when the order changes, and find it by the beginning of its id', () => {
    const { ui } = press(firstUi, 'jj')
    expect(selectedIndex(ui, rows.toReversed())).toBe(1)
    expect(selectedIndex({ ...firstUi, selected: 'b000' }, rows)).toBe(1)
    expect(selectedIndex({ ...firstUi, selected: 'zz' }, rows)).toBe(0)
    expect(selectedIndex(ui, [])).toBe(-1)
  })

  it('close only after y, what was asked about', () => {
    expect(press(firstUi, 'j', 'c', 'y').effects).toEqual([{ type: 'close', id: rows[1]!.id }])
    expect(press(firstUi, 'c', 'n').effects).toEqual([])
    expect(press(firstUi, 'c', 'q')).toMatchObject({ effects: [], ui: { mode: 'browse' } })
    expect(press(firstUi, 'c', enter).ui.mode).toBe('close')
    expect(press(firstUi, 'G', 'c').ui.notice).toMatchObject({
      isError: true,
      text: expect.stringContaining('closed already'),
    })
  })

  it('choose a quality of those that the content has', () => {
    expect(press(firstUi, 'Q', down, down, enter).effects).toEqual([
      { type: 'quality', id: rows[0]!.id, quality: 'medium' },
    ])
    expect(press(firstUi, 'a', down, down, down, down, down, down, enter).effects).toMatchObject([{ quality: 'high' }])
    expect(press(firstUi, 'a', esc)).toMatchObject({ effects: [], ui: { mode: 'browse' } })
    expect(press(firstUi, 'jj', 'Q').ui.notice?.text).toContain('one rendition')
  })

  it('change nothing where there is nothing to change', () => {
    const fixed: View = { ...view, whyFixed: 'it is a recording' }
    expect(reduce(firstUi, { type: 'askClose' }, fixed).ui.notice?.text).toBe('it is a recording')
    expect(reduce(firstUi, { type: 'askQuality' }, { ...view, rows: [] }).ui.notice?.isError).toBe(true)
    expect(reduce(firstUi, { type: 'details' }, { ...view, rows: [] }).ui.isDetailed).toBe(false)
  })

  it('type a filter, in which every letter is a letter', () => {
    const { ui, effects } = press(firstUi, '/', 'qcy jk')
    expect([ui.filter, ui.mode, effects]).toEqual(['qcy jk', 'filter', []])
    expect(press(ui, { backspace: true }, enter).ui).toMatchObject({ filter: 'qcy j', mode: 'browse' })
    expect(press(ui, esc).ui).toMatchObject({ filter: '', mode: 'browse' })
    expect(press(firstUi, '/', 'x'.repeat(500)).ui.filter).toHaveLength(100)
    expect(press(firstUi, '/abc\r').ui).toMatchObject({ filter: 'abc', mode: 'browse' })
    expect(press(firstUi, '/', '\u001B[31m\u202E').ui.filter).not.toMatch(/\p{C}/u)
  })

  it('type and erase whole characters, also at the end of the room', () => {
    const { ui } = press(firstUi, '/', `${'x'.repeat(99)}🎬`)
    expect(ui.filter).not.toMatch(/\p{Cs}/u)
    expect(press(firstUi, '/', 'a🎬', { backspace: true }).ui.filter).toBe('a')
  })

  it('are never beyond what there is, whatever is pressed', () => {
    const pressed = fc.oneof(
      fc.constantFrom<string | Key>(
        ...'jkgGsrcQamqyn/? ',
        down,
        enter,
        esc,
        { upArrow: true },
        { pageDown: true },
        { tab: true },
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(pressed, { maxLength: 40 }), (keys) => {
        const { ui, effects } = press(firstUi, ...keys)
        expect([...ui.filter].length).toBeLessThanOrEqual(100)
        expect(ui.mode === 'close' || ui.mode === 'quality').toBe(ui.target !== undefined)
        if (ui.mode === 'quality') expect(choicesOf(ui.target!)[ui.choice]).toBeDefined()
        for (const effect of effects) {
          if (effect.type === 'close') expect(rows.find(({ id }) => id === effect.id)?.state).not.toBe('closed')
          if (effect.type === 'quality') expect(['auto', ...rows[0]!.qualities]).toContain(effect.quality)
        }
      }),
    )
  })

  it('sort through the columns and back, reverse, change pane and metric', () => {
    expect(press(firstUi, 's').ui.sort).toEqual({ column: 'id', isReversed: false })
    expect(press(firstUi, 'ssr').ui.sort).toEqual({ column: 'loss', isReversed: true })
    expect(press(firstUi, 'sss').ui.sort).toBeUndefined()
    expect(press(firstUi, { tab: true }).ui.pane).toBe('events')
    expect(press(firstUi, 'm').ui.metric).toBe('lossRatio')
    expect(press(firstUi, enter).ui.isDetailed).toBe(true)
    expect(press(firstUi, enter, esc).ui.isDetailed).toBe(false)
  })

  it('pause and go on, and quit from anywhere', () => {
    expect(press(firstUi, ' ', ' ').effects).toEqual([
      { type: 'pause', isPaused: true },
      { type: 'pause', isPaused: false },
    ])
    expect(press(firstUi, 'q').effects).toEqual([{ type: 'quit' }])
    for (const mode of ['browse', 'filter', 'close', 'quality', 'help'] as const)
      expect(toAction(mode, 'c', { ctrl: true })).toEqual({ type: 'quit' })
    expect(press(firstUi, '?', 'x').ui.mode).toBe('browse')
  })
})
