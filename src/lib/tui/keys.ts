// Key → action, for each thing that the keyboard can be for; and what --help of the screen says of them.
import { plainText } from '../base/plain-text.ts'
import type { Action, Mode } from './ui.ts'

/** What Ink says of a key, as far as it is used here. */
export interface Key {
  readonly upArrow?: boolean
  readonly downArrow?: boolean
  readonly leftArrow?: boolean
  readonly rightArrow?: boolean
  readonly pageUp?: boolean
  readonly pageDown?: boolean
  readonly home?: boolean
  readonly end?: boolean
  readonly return?: boolean
  readonly escape?: boolean
  readonly tab?: boolean
  readonly backspace?: boolean
  readonly delete?: boolean
  readonly ctrl?: boolean
  readonly meta?: boolean
}

const letters: Readonly<Record<string, Action>> = {
  j: { type: 'move', by: 1 },
  k: { type: 'move', by: -1 },
  g: { type: 'first' },
  G: { type: 'last' },
  s: { type: 'sort' },
  r: { type: 'reverse' },
  '/': { type: 'filter' },
  c: { type: 'askClose' },
  Q: { type: 'askQuality' },
  a: { type: 'askQuality' },
  ' ': { type: 'pause' },
  m: { type: 'metric' },
  '?': { type: 'help' },
  q: { type: 'quit' },
}

/** For the help: what to press, and what for. */
export const keyHelp: readonly (readonly [keys: string, does: string])[] = [
  ['↑ ↓  j k', 'select a connection'],
  ['PgUp PgDn g G', 'a page, the first, the last'],
  ['Enter  Esc', 'details of the selected one, and back'],
  ['Tab', 'chart, events, operations, tasks'],
  ['m', 'what the chart shows'],
  ['s  r', 'sort by the next column, reverse'],
  ['/', 'filter by words; Enter keeps, Esc clears'],
  ['c', 'close the selected connection'],
  ['Q  a', 'choose its quality'],
  ['Space', 'hold the display, and go on'],
  ['?', 'this help'],
  ['q  Ctrl-C', 'quit'],
]

/** Keys that were pressed fast come as one text: one by one again. */
export function eachKey(input: string, key: Key): (readonly [input: string, key: Key])[] {
  if (input.length <= 1 || key.ctrl || key.meta) return [[input, key]]
  return [...input].map((char) => [char, { return: char === '\r', tab: char === '\t', backspace: char === '\u007F' }])
}

export function toAction(mode: Mode, input: string, key: Key): Action | undefined {
  if (key.ctrl) return input === 'c' ? { type: 'quit' } : undefined
  if (key.escape) return { type: 'back' }
  if (mode === 'filter') return inFilter(input, key)
  if (mode === 'close')
    return input === 'y' || input === 'Y' ? { type: 'confirm' } : isWord(input, key) ? { type: 'back' } : undefined
  if (mode === 'help') return input === 'q' ? { type: 'quit' } : { type: 'back' }
  if (mode === 'quality') return inQuality(input, key)
  return inBrowse(input, key)
}

/** Anything but a lone Enter, which an impatient hand presses. */
const isWord = (input: string, key: Key) => input !== '' && !key.return

function inFilter(input: string, key: Key): Action | undefined {
  if (key.return) return { type: 'confirm' }
  if (key.backspace || key.delete) return { type: 'erase' }
  if (key.upArrow || key.downArrow) return { type: 'move', by: key.upArrow ? -1 : 1 }
  const text = key.meta || key.tab ? '' : plainText(input)
  return text ? { type: 'type', text } : undefined
}

function inQuality(input: string, key: Key): Action | undefined {
  if (key.return) return { type: 'confirm' }
  if (key.upArrow || key.leftArrow || input === 'k') return { type: 'move', by: -1 }
  if (key.downArrow || key.rightArrow || input === 'j') return { type: 'move', by: 1 }
  return input === 'q' ? { type: 'back' } : undefined
}

function inBrowse(input: string, key: Key): Action | undefined {
  if (key.upArrow || key.downArrow) return { type: 'move', by: key.upArrow ? -1 : 1 }
  if (key.pageUp || key.pageDown) return { type: 'page', by: key.pageUp ? -1 : 1 }
  if (key.home || key.end) return { type: key.home ? 'first' : 'last' }
  if (key.return) return { type: 'details' }
  if (key.tab) return { type: 'pane' }
  return key.meta ? undefined : letters[input]
}
