// The Mann-Whitney U test (Wilcoxon's rank sum), two-sided: whether values of one group tend to be larger than those of another. It
// takes ranks alone, so that waits without end have theirs, the last, and no distribution is assumed. As R's `wilcox.test` does it:
// exact for two groups of fewer than 50 without ties, otherwise the normal approximation with corrections for ties and continuity.

export interface RankTest {
  /** Pairs in which the value of `b` is the larger, halves for equal ones; from 0 to a.length × b.length. */
  readonly u: number
  /** Chance of a difference like this or larger where there is none. */
  readonly pValue: number
  readonly method: 'exact' | 'normal'
}

/** The exact distribution is for groups smaller than this. */
const exactBelow = 50

/** Infinity is a value. Undefined where a group is empty. */
export function mannWhitney(a: readonly number[], b: readonly number[]): RankTest | undefined {
  if (a.length === 0 || b.length === 0) return undefined
  const { rankSum, ties } = rank(a, b)
  const u = rankSum - (b.length * (b.length + 1)) / 2
  const isExact = ties === 0 && a.length < exactBelow && b.length < exactBelow
  const pValue = isExact ? exactP(u, a.length, b.length) : normalP(u, a.length, b.length, ties)
  return { u, pValue, method: isExact ? 'exact' : 'normal' }
}

/** Sum of the ranks of `b` among all, equal values with the mean of theirs; and Σ(t³ − t) over groups of t equal values. */
function rank(a: readonly number[], b: readonly number[]): { rankSum: number; ties: number } {
  const all = [...a.map((value) => ({ value, isB: 0 })), ...b.map((value) => ({ value, isB: 1 }))]
  // Not by their difference: that of two infinities is none.
  all.sort((one, other) => (one.value < other.value ? -1 : one.value > other.value ? 1 : 0))
  let rankSum = 0
  let ties = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    let ofB = 0
    for (; to < all.length && all[to]!.value === all[from]!.value; to++) ofB += all[to]!.isB
    const size = to - from
    rankSum += ofB * ((from + 1 + to) / 2)
    ties += size ** 3 - size
    from = to
  }
  return { rankSum, ties }
}

function exactP(u: number, m: number, n: number): number {
  const shares = uDistribution(m, n)
  const isHigh = u > (m * n) / 2
  // Symmetric: the upper tail is summed as the lower one.
  const upTo = isHigh ? m * n - u : u
  let tail = 0
  for (let at = 0; at <= upTo; at++) tail += shares[at]!
  return Math.min(1, 2 * tail)
}

/** Share of the ways to deal out the ranks that give each U from 0 to m × n. */
function uDistribution(m: number, n: number): Float64Array {
  // counts[j] for i values of `a` against j of `b`: the largest of all is of `a`, and adds j, or of `b`, and adds nothing.
  let counts: Float64Array[] = Array.from({ length: n + 1 }, () => Float64Array.of(1))
  for (let i = 1; i <= m; i++) {
    const next: Float64Array[] = [Float64Array.of(1)]
    for (let j = 1; j <= n; j++) {
      const row = new Float64Array(i * j + 1)
      const [withA, withB] = [counts[j]!, next[j - 1]!]
      // As chances instead of counts, which would be too large.
      for (let u = 0; u < withA.length; u++) row[u + j]! += (withA[u]! * i) / (i + j)
      for (let u = 0; u < withB.length; u++) row[u]! += (withB[u]! * j) / (i + j)
      next.push(row)
    }
    counts = next
  }
  return counts[n]!
}

function normalP(u: number, m: number, n: number, ties: number): number {
  const all = m + n
  const deviation = Math.sqrt(((m * n) / 12) * (all + 1 - ties / (all * (all - 1))))
  if (deviation === 0) return 1
  const away = Math.max(0, Math.abs(u - (m * n) / 2) - 0.5)
  return Math.min(1, 2 * upperTail(away / deviation))
}

/**
 * Chance that a standard normal value is above z ≥ 0: the complementary error function by its Chebyshev fit (Numerical Recipes, erfcc;
 * relative error below 1.2e-7).
 */
function upperTail(z: number): number {
  const x = z / Math.SQRT2
  const t = 1 / (1 + x / 2)
  const fit = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
    -1.26551223,
  ].reduce((sum, coefficient) => sum * t + coefficient)
  return (t * Math.exp(-x * x + fit)) / 2
}

/** The smallest p that two groups of these sizes can have: with less than that nothing can be shown. */
export function leastP(m: number, n: number): number {
  let ways = 1
  for (let at = 1; at <= Math.min(m, n); at++) ways *= (m + n + 1 - at) / at
  return Math.min(1, 2 / ways)
}

/** p-values of several tests, corrected so that one of them is below α by chance in α of all cases (Holm); in their order. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, at) => at).sort((a, b) => pValues[a]! - pValues[b]!)
  const corrected: number[] = []
  let largest = 0
  for (const [place, at] of order.entries()) {
    largest = Math.max(largest, Math.min(1, pValues[at]! * (pValues.length - place)))
    corrected[at] = largest
  }
  return corrected
}
