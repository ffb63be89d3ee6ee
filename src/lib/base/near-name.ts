// The names that somebody may have meant who wrote one that is not there.

/** At most this many are worth reading. */
const most = 3

/**
 * Those of `known` that are nearest to `text`, the nearest first, none where nothing resembles it. Case, hyphens and underscores do
 * not count; a name that begins as `text` does is near.
 */
export function nearNames(text: string, known: readonly string[]): readonly string[] {
  const meant = plainName(text.slice(0, 100))
  if (meant === '') return []
  const near = known
    .map((name) => ({ name, distance: farness(meant, plainName(name)) }))
    .filter(({ distance }) => Number.isFinite(distance))
    .sort((a, b) => a.distance - b.distance)
  return near
    .filter(({ distance }) => distance <= near[0]!.distance + 1)
    .map(({ name }) => name)
    .slice(0, most)
}

/** ` (did you mean "a" or "b"?)`, or nothing. */
export function didYouMean(text: string, known: readonly string[]): string {
  const near = nearNames(text, known).map((name) => `"${name}"`)
  return near.length > 0 ? ` (did you mean ${near.join(' or ')}?)` : ''
}

const plainName = (name: string) => name.replaceAll(/[-_\s]/g, '').toLowerCase()

/** Infinity where they have less than a half in common. */
function farness(meant: string, name: string): number {
  if (meant.length >= 3 && name.startsWith(meant)) return 1
  const distance = editDistance(meant, name)
  return distance <= Math.max(meant.length, name.length) / 2 - 0.5 && distance <= 3
    ? distance
    : Number.POSITIVE_INFINITY
}

/** Letters put in, left out, put for another, or two beside each other swapped (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1))
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
