import { expect, it } from 'vitest'
import { cursorText, isFancy } from '../../../src/lib/base/io.ts'

it('the cursor goes up by so many lines, and by none says nothing: a terminal takes 0 for 1', () => {
  expect(cursorText({ up: 3 })).toBe('\u001B[3A')
  expect(cursorText({ up: 0 })).toBe('')
  expect(cursorText({ up: -2 })).toBe('')
  expect(cursorText('eraseLine')).toBe('\r\u001B[2K')
})

it('colours and motion are for terminals that have them and people who want them', () => {
  expect(isFancy({ stderrIsTty: true, env: {} })).toBe(true)
  // no-color.org: present, and not an empty string.
  expect(isFancy({ stderrIsTty: true, env: { NO_COLOR: '' } })).toBe(true)
  expect(isFancy({ stderrIsTty: true, env: { NO_COLOR: '0' } })).toBe(false)
  expect(isFancy({ stderrIsTty: true, env: { TERM: 'dumb' } })).toBe(false)
  expect(isFancy({ stderrIsTty: false, env: { TERM: 'xterm' } })).toBe(false)
})
