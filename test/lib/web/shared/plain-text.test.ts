import { expect, it } from 'vitest'
import { makePlain, plainText } from '../../../../src/web/shared/plain-text.ts'

const hostile = 'gpj.\u202Eexe\u0007\u2028x\u001B[2J'
const shown = 'gpj.\ufffdexe\ufffd x\ufffd[2J'

it('leaves words of every script, emoji and line breaks as they are', () => {
  for (const text of ['a\n\tb', 'Füße', '日本語.mkv', 'نص', '🎬']) expect(plainText(text)).toBe(text)
})

it('every text and title that is drawn is plain, and values, addresses and props of components are what they were', () => {
  const props = { title: hostile, 'aria-label': hostile, href: hostile, value: hostile }
  const drawn = (type: unknown, of: unknown) => {
    const node = { type, props: typeof of === 'object' ? { ...of } : of }
    makePlain(node)
    return node.props
  }
  expect(drawn('a', props)).toEqual({ ...props, title: shown, 'aria-label': shown })
  expect(drawn(null, hostile)).toBe(shown)
  expect(drawn(() => null, props)).toEqual(props)
})
