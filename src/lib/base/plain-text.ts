// What others wrote (names, error texts, CIDs) made harmless for a terminal: one line, nothing that moves the cursor, colours,
// turns the direction of reading or hides.

/** Deeper parts of a value are not shown by anybody. */
const maxDepth = 12

/** Blanks of any kind become one space; control, format (bidi, zero-width), private and lone surrogate characters a `�`. */
export function plainText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  return text
    .replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]+/gu, '�')
    .replaceAll(/(\p{M}{2})\p{M}+/gu, '$1')
}

/** Any value as a text. Not every one has one: `{"toString": 1}` out of JSON and objects without a prototype throw at `String`. */
export function wordsOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return `[${typeof value}]`
  }
}

/** Text of several lines: line breaks and tabs stay, and nothing else that a terminal would obey. */
export function plainLines(text: string): string {
  if (/^[\t\n\x20-\x7e]*$/.test(text)) return text
  return text
    .replaceAll(/\r(?!\n)|[\v\f\u0085\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll(/(?:[^\P{Cc}\t\r\n]|[\p{Cf}\p{Co}\p{Cs}])+/gu, '�')
    .replaceAll(/(\p{M}{2})\p{M}+/gu, '$1')
}

/** For templates: what is written out is ours and stays; every value that is put in is made plain, so that none begins a line. */
export const plain = (ours: TemplateStringsArray, ...others: readonly unknown[]): string =>
  String.raw({ raw: ours }, ...others.map((value) => plainText(wordsOf(value))))

/** The same for every text in a value as JSON has it; also for the names of fields. */
export function plainTexts<T>(value: T): T {
  return plainAt(value, 0) as T
}

function plainAt(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plainText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return null
  if (Array.isArray(value)) return value.map((one) => plainAt(one, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [plainText(name), plainAt(one, depth + 1)]))
}
