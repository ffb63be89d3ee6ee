// A row of numbers as a row of characters, one each.

const blocks = [...'▁▂▃▄▅▆▇█']
const ascii = [...'_.:-=+*#']

/** Whether a terminal shows more than ASCII: not a dumb one, nor one of a locale that says another character set. */
export function showsUnicode({ TERM, LC_ALL, LC_CTYPE, LANG }: Readonly<Record<string, string | undefined>>): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG
  return TERM !== 'dumb' && (!locale || /utf-?8/i.test(locale))
}

/** Heights from 0, or from `min`, to the most; a space for what is not known, and nothing for nothing. */
export function sparkline(
  values: readonly (number | null | undefined)[],
  { unicode = true, min = 0 }: { unicode?: boolean; min?: number } = {},
): string {
  const steps = unicode ? blocks : ascii
  const known = values.filter((value) => typeof value === 'number' && Number.isFinite(value)) as number[]
  const span = known.reduce((most, value) => Math.max(most, value), min) - min
  const height = (value: number) =>
    span > 0 ? Math.min(steps.length - 1, Math.max(0, Math.ceil(((value - min) / span) * steps.length) - 1)) : 0
  return values
    .map((value) => (typeof value === 'number' && Number.isFinite(value) ? steps[height(value)]! : ' '))
    .join('')
}

/** How many values lie in each of `bins` equal steps from the least to the most. */
export function histogram(values: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  const least = values.reduce((one, other) => Math.min(one, other), Infinity)
  const most = values.reduce((one, other) => Math.max(one, other), -Infinity)
  for (const value of values) {
    const share = most > least ? (value - least) / (most - least) : 0
    counts[Math.min(bins - 1, Math.floor(share * bins))]!++
  }
  return counts
}
