import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainText } from '../../../src/lib/base/plain-text.ts'
import type { LiveConnection } from '../../../src/lib/protocol/live.ts'
import {
  cellText,
  columnNames,
  columns,
  contentText,
  placeColumns,
  scoreTone,
  stateText,
  viewerText,
} from '../../../src/lib/tui/columns.ts'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { bareConnection, connection, sampleAt, startedAtMs } from '../../support/live-state.ts'

const playing = connection('a')

describe('the tone of a cell', () => {
  const toneOf = (name: keyof typeof columns, one: LiveConnection) => columns[name].tone?.(one)

  it('follows the limits of the figure, and is dim where nothing is known', () => {
    const lossy = (lossRatio: number | null) => connection('a', { sample: sampleAt(1, { lossRatio }) })
    expect([0, 0.03, 0.1, null].map((loss) => toneOf('loss', lossy(loss)))).toEqual([undefined, 'warn', 'bad', 'dim'])
    expect(toneOf('rate', playing)).toBeUndefined()
    expect(toneOf('loss', bareConnection('a'))).toBe('dim')
  })

  it('of a score is green only where the viewer says what it sees', () => {
    const silent = { ...playing, isReporting: false }
    expect([95, 60, 20, undefined].map((value) => scoreTone(value, playing))).toEqual(['good', 'warn', 'bad', 'dim'])
    expect([95, 60].map((value) => scoreTone(value, silent))).toEqual([undefined, 'warn'])
  })

  it('of a state is red where the path broke or the stream failed', () => {
    const lost = { ...playing, peerStates: { ...playing.peerStates, connection: 'failed' as const } }
    const failed = { ...playing, error: { code: 'X', message: '' } }
    const tones = [playing, lost, failed, connection('a', { state: 'connecting' })].map((one) => toneOf('state', one))
    expect(tones).toEqual(['good', 'bad', 'bad', 'warn'])
  })

  it('of a viewer that is connected and silent is a warning', () => {
    const { connectedAtMs: _, ...early } = playing
    const viewers = [playing, { ...playing, isReporting: false }, early, connection('a', { state: 'closed' })]
    expect(viewers.map(viewerText)).toEqual(['yes', 'no', '–', '–'])
    expect(viewers.map((one) => toneOf('viewer', one))).toEqual([undefined, 'warn', 'dim', 'dim'])
  })
})

it('a stream that ended is not lost with its path', () => {
  const broken = { ...playing.peerStates, connection: 'disconnected' as const }
  expect(stateText({ ...playing, state: 'ended', peerStates: broken })).toBe('ended')
  expect(stateText({ ...playing, peerStates: broken })).toBe('lost')
})

it('an age goes on while the connection is open, and then stands', () => {
  const nowMs = startedAtMs + 62_000
  expect(columns.age.text(playing, nowMs)).toBe('1:01')
  expect(columns.age.text({ ...playing, closedAtMs: startedAtMs + 31_000 }, nowMs)).toBe('0:30')
})

describe('content', () => {
  it('never takes more columns than it has, and stays as it is where it fits', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 30 }).map(plainText)
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 60 }), (names, width) => {
        const content = names.join('/')
        const shown = contentText(content, width)
        expect(widthOf(shown)).toBeLessThanOrEqual(width)
        if (widthOf(content) <= width) expect(shown).toBe(content)
      }),
    )
  })
})

describe('placed columns', () => {
  it('fill any width, in one order, and a wider terminal shows no fewer', () => {
    let before = 0
    for (let width = 17; width < 260; width++) {
      const placed = placeColumns(width)
      expect(placed.reduce((sum, { width: own }) => sum + 1 + own, 0)).toBe(width)
      expect(placed.map(({ name }) => columnNames.indexOf(name))).toEqual(
        placed.map(({ name }) => columnNames.indexOf(name)).toSorted((a, b) => a - b),
      )
      expect(placed.length).toBeGreaterThanOrEqual(before)
      before = placed.length
    }
    expect(before).toBe(columnNames.length)
  })

  it('show the content as far as their width goes', () => {
    const placed = placeColumns(80).find(({ name }) => name === 'content')!
    const text = cellText(placed, connection('a', { content: `${playing.content}/clip.mp4` }), 0)
    expect(widthOf(text)).toBeLessThanOrEqual(placed.width)
    expect(text).toContain('clip.mp4')
  })
})
