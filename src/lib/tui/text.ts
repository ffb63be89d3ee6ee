// Text by the columns it takes in a terminal: width, cutting and filling.

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Emoji, and the ranges that UAX #11 calls wide or fullwidth. */
const wide =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]/u
const invisible = /^\p{M}+$/u

const isAscii = (text: string) => /^[\x20-\x7e]*$/.test(text)
const graphemes = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment)
const widthOfGrapheme = (one: string) => (invisible.test(one) ? 0 : wide.test(one) ? 2 : 1)

/** Columns of a text without control characters. */
export function widthOf(text: string): number {
  if (isAscii(text)) return text.length
  return graphemes(text).reduce((sum, one) => sum + widthOfGrapheme(one), 0)
}

/** The beginning, in at most `width` columns. */
function head(text: string, width: number): string {
  if (isAscii(text)) return text.slice(0, width)
  let taken = ''
  let left = width
  for (const one of graphemes(text)) {
    left -= widthOfGrapheme(one)
    if (left < 0) break
    taken += one
  }
  return taken
}

/** The end, in at most `width` columns. */
function tail(text: string, width: number): string {
  if (isAscii(text)) return text.slice(Math.max(0, text.length - width))
  const taken: string[] = []
  let left = width
  for (const one of graphemes(text).reverse()) {
    left -= widthOfGrapheme(one)
    if (left < 0) break
    taken.unshift(one)
  }
  return taken.join('')
}

/** At most `width` columns, with `…` for what is left out at the end. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  return width <= 0 ? '' : `${head(text, width - 1)}…`
}

/** The same with `…` in the middle: the beginning and the end of a CID or a path tell it from others. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  if (width < 5) return cut(text, width)
  const before = Math.floor((width - 1) / 2)
  return `${head(text, before)}…${tail(text, width - 1 - before)}`
}

/** Exactly `width` columns. */
export function fitTo(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, width)
  const blank = ' '.repeat(Math.max(0, width - widthOf(short)))
  return align === 'left' ? short + blank : blank + short
}
