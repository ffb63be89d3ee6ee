// What a score says, in words: once for API, dashboard, terminal, player and report, of now and of what was recorded.
import type { Score, ScoreCode, ScoreReason } from './score.ts'

interface Words {
  /** Of the input. */
  readonly name: string
  /** What is wrong, without how much. */
  readonly what: string
  /** Of a value, in its unit. */
  readonly amount: (value: number) => string
  readonly say: (amount: string) => string
}

const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`
const milliseconds = (ms: number) => `${ms.toFixed(0)} ms`
export const timesText = (count: number) => `${count} ${count === 1 ? 'time' : 'times'}`

export const scoreWords: Readonly<Record<ScoreCode, Words>> = {
  loss: { name: 'packet loss', what: 'loss', amount: percent, say: (amount) => `loss ${amount}` },
  round_trip: { name: 'round trip time', what: 'RTT', amount: milliseconds, say: (amount) => `RTT ${amount}` },
  jitter: { name: 'jitter', what: 'jitter', amount: milliseconds, say: (amount) => `jitter ${amount}` },
  underruns: {
    name: 'underruns',
    what: 'waited for content',
    amount: timesText,
    say: (amount) => `waited for content ${amount}`,
  },
  frozen: { name: 'freezes', what: 'frozen', amount: percent, say: (amount) => `frozen for ${amount} of the time` },
  picture_height: {
    name: 'picture height',
    what: 'small picture',
    amount: (lines) => `${lines}p`,
    say: (amount) => `picture ${amount}`,
  },
  dropped: {
    name: 'dropped frames',
    what: 'dropped frames',
    amount: percent,
    say: (amount) => `dropped ${amount} of the frames`,
  },
}

/** A reason with the figure, as `RTT 340 ms`. */
export interface WordedReason extends ScoreReason {
  readonly text: string
}

/** A score as it is shown. */
export interface WordedScore extends Omit<Score, 'reasons' | 'unknown'> {
  readonly reasons: readonly WordedReason[]
  readonly unknown: readonly string[]
}

export const wordReason = (reason: ScoreReason): WordedReason => {
  const { amount, say } = scoreWords[reason.code]
  return { ...reason, text: say(amount(reason.value)) }
}

export const wordScore = (score: Score): WordedScore => ({
  ...score,
  reasons: score.reasons.map(wordReason),
  unknown: score.unknown.map((code) => scoreWords[code].name),
})

/** `−20: RTT 340 ms, −5: loss 1.0 %`. */
export const reasonText = (reasons: readonly Pick<WordedReason, 'points' | 'text'>[]): string =>
  reasons.map(({ points, text }) => `−${points}: ${text}`).join(', ')
