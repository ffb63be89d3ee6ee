// Statistics as they are shown to others: what was counted and measured, with the scores in words.
import type { MeasuredSnapshot } from './figures.ts'
import { wordScore } from './score-words.ts'

/** Without what is there for the next measurement alone. */
export function shownStats(measured: MeasuredSnapshot) {
  const { before: _before, viewerBefore: _viewerBefore, pacingErrors: _counts, figures: _figures, ...shown } = measured
  return { ...shown, health: wordScore(measured.health), videoQuality: wordScore(measured.videoQuality) }
}
