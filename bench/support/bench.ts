// What a bench is: named figures with their goals, and the statistics they are made of.

/** `full` for figures to publish, `quick` while developing, `smoke` to see that the bench runs at all. */
export type Size = 'full' | 'quick' | 'smoke'

export interface Figure {
  /** What was measured, in words. */
  readonly figure: string
  readonly unit: string
  /** The median of `samples`, or the one value there is. */
  readonly value: number
  readonly min: number
  readonly max: number
  readonly samples: number
  /** What the issue asks for, as text. */
  readonly goal?: string
  readonly met?: boolean
  /** The floor or peer measured in the same run. */
  readonly beside?: string
  /** 1-minute load average of the machine when it was measured. */
  readonly load: number
}

export interface BenchContext {
  readonly size: Size
  /** The value for the size of this run. */
  pick<T>(full: T, quick: T, smoke: T): T
  report(figure: FigureInput): void
  /** Progress, for people. */
  say(text: string): void
}

export interface FigureInput {
  readonly figure: string
  readonly unit: string
  readonly samples: readonly number[]
  readonly goal?: { readonly text: string; readonly met: (value: number) => boolean }
  readonly beside?: string
}

export interface Bench {
  readonly title: string
  run(context: BenchContext): Promise<void>
}

export const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

/** Nearest-rank quantile; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const ordered = sorted(values)
  return ordered[Math.min(ordered.length - 1, Math.max(0, Math.ceil(q * ordered.length) - 1))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const ordered = sorted(values)
  const middle = ordered.length >> 1
  if (ordered.length % 2 === 1) return ordered[middle]!
  return ordered.length === 0 ? Number.NaN : (ordered[middle - 1]! + ordered[middle]!) / 2
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** A goal of the form "at most". */
export const atMost = (limit: number, unit: string) => ({
  text: `≤ ${limit}${unit === '' || unit === 'x' ? unit : ` ${unit}`}`,
  met: (value: number) => value <= limit,
})

/** Runs the sides in turn, `rounds` times, so that a change of the machine's load meets all of them. */
export async function interleave<K extends string>(
  rounds: number,
  sides: Readonly<Record<K, () => Promise<number> | number>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(sides) as K[]
  const results = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse()
    for (const name of order) results[name].push(await sides[name]())
  }
  return results
}

/** The ratio of two sides, round by round. */
export const ratios = (above: readonly number[], below: readonly number[]): number[] =>
  above.map((value, round) => value / below[round]!)

/** Pauses for real: benches measure what happens meanwhile. */
export const wait = (delayMs: number): Promise<void> => new Promise((done) => setTimeout(done, delayMs))

/** The limit ends a bench that hangs; it says nothing about how fast the machine is. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 120_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`)
    await wait(20)
  }
}
