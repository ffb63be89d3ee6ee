// A choice that was made for a stream, told by whoever made it: what, why, and what was known. They are what adaptation is judged by.
import type { SampleFigures } from './figure-table.ts'
import type { Quality } from './quality.ts'
import type { Rung } from './stream.ts'

/**
 * `viewer`: it asked itself. `request`: somebody asked the server. `named`: the quality that was asked for names this rung. `best`:
 * there is none better. `best_within`: there is none better up to a height, in lines.
 */
export const decisionCodes = ['viewer', 'request', 'named', 'best', 'best_within'] as const
export type DecisionCode = (typeof decisionCodes)[number]

export interface DecisionReason {
  readonly code: DecisionCode
  readonly values?: Readonly<Record<string, number | string>>
}

interface Decided {
  readonly atMs: number
  /** `viewer`, `request`, or the name of the strategy. */
  readonly by: string
  readonly reason: DecisionReason
  /** Absent where nothing was measured yet. */
  readonly inputs?: SampleFigures
}

/** What is asked for. */
export interface QualityDecision extends Decided {
  readonly type: 'quality'
  readonly from: Quality
  readonly to: Quality
}

/** What is sent. */
export interface RungDecision extends Decided {
  readonly type: 'rung'
  /** Absent where nothing was sent before. */
  readonly from?: Rung
  readonly to: Rung
}

export type Decision = QualityDecision | RungDecision

const words: Readonly<Record<DecisionCode, (values: NonNullable<DecisionReason['values']>) => string>> = {
  viewer: () => 'the viewer chose it',
  request: () => 'somebody asked the server for it',
  named: ({ quality }) => `it is what ${quality} means here`,
  best: () => 'it is the best there is',
  best_within: ({ height }) => `it is the best up to ${height}p`,
}

/** The reason in words; a code that is not known as it is. */
export function decisionWords(code: string, values: DecisionReason['values'] = {}): string {
  const known = decisionCodes.find((one) => one === code)
  return known ? words[known](values) : code
}
