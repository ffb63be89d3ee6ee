// The two scores, 0 to 100, and why they are what they are: codes and values, worded where they are shown. Steps after the
// origin's tables; what is not known is said, never taken for fine.

/** Rises when a table, an input or a rule changes, so that scores of different versions are not compared. */
export const scoreVersion = 1

/** What a score is made of; score-words.ts has the words. */
export const scoreCodes = ['loss', 'round_trip', 'jitter', 'underruns', 'frozen', 'picture_height', 'dropped'] as const
export type ScoreCode = (typeof scoreCodes)[number]

export interface ScoreReason {
  /** Taken off 100. */
  readonly points: number
  readonly code: ScoreCode
  /** What was measured, in the unit of the input. */
  readonly value: number
}

export interface Score {
  /** Absent where something that it needs is not known. */
  readonly value?: number
  readonly version: typeof scoreVersion
  /** What took points off, the most first. */
  readonly reasons: readonly ScoreReason[]
  /** Inputs that are not known. Where `value` is there, it has been reckoned without them and is 95 at the most. */
  readonly unknown: readonly ScoreCode[]
}

/** Of the time since the snapshot before. */
export interface ScoreInput {
  /** 0-1, of the packets, as the viewer's receiver report says. */
  readonly lossRatio?: number
  readonly roundTripTimeMs?: number
  readonly jitterMs?: number
  /** Times the playhead began to wait for content, or still does. */
  readonly underruns?: number
  /** 0-1, of the time, as the viewer says. */
  readonly frozenRatio?: number
  /** 0-1, of the frames that came, as the viewer says. */
  readonly droppedRatio?: number
  /** Shorter side of the picture that is sent. */
  readonly pictureHeight?: number
}

/** Above (or, for less is worse, below) each bound the points beside it; the first that holds counts. */
type Steps = readonly (readonly [bound: number, points: number])[]

interface Term {
  readonly code: ScoreCode
  readonly input: keyof ScoreInput
  readonly isRequired: boolean
  readonly steps: Steps
  readonly lessIsWorse?: boolean
}

const frozen: Term = {
  code: 'frozen',
  input: 'frozenRatio',
  isRequired: false,
  steps: [
    [0.2, 50],
    [0.1, 30],
    [0.05, 15],
    [0, 5],
  ],
}

/** How well the stream gets through: needs the viewer's receiver reports. */
const healthTerms: readonly Term[] = [
  {
    code: 'loss',
    input: 'lossRatio',
    isRequired: true,
    steps: [
      [0.1, 50],
      [0.05, 30],
      [0.02, 15],
      [0.005, 5],
    ],
  },
  {
    code: 'round_trip',
    input: 'roundTripTimeMs',
    isRequired: true,
    steps: [
      [500, 40],
      [300, 20],
      [200, 10],
      [100, 5],
    ],
  },
  {
    code: 'jitter',
    input: 'jitterMs',
    isRequired: true,
    steps: [
      [200, 20],
      [100, 15],
      [50, 10],
      [20, 5],
    ],
  },
  {
    code: 'underruns',
    input: 'underruns',
    isRequired: true,
    steps: [
      [2, 50],
      [1, 40],
      [0, 30],
    ],
  },
  frozen,
]

/** What the viewer sees: needs its own reports. */
const pictureTerms: readonly Term[] = [
  {
    code: 'picture_height',
    input: 'pictureHeight',
    isRequired: true,
    lessIsWorse: true,
    steps: [
      [240, 40],
      [360, 25],
      [480, 15],
      [720, 10],
      [1080, 5],
    ],
  },
  { ...frozen, isRequired: true },
  {
    code: 'dropped',
    input: 'droppedRatio',
    isRequired: false,
    steps: [
      [0.2, 40],
      [0.1, 25],
      [0.05, 10],
      [0.01, 5],
    ],
  },
]

/** What each score is made of, for the documentation. */
export const scoreTerms = { health: healthTerms, videoQuality: pictureTerms } as const

/** What a score is at the most while an input that may be missing is. */
const mostWhenUnknown = 95

export const streamHealth = (input: ScoreInput): Score => score(input, healthTerms)
export const videoQuality = (input: ScoreInput): Score => score(input, pictureTerms)

function score(input: ScoreInput, terms: readonly Term[]): Score {
  const unknown = terms.filter(({ input: name }) => !isKnown(input[name]))
  const reasons = terms.flatMap((term) => reasonOf(term, input[term.input])).toSorted((a, b) => b.points - a.points)
  const left = 100 - reasons.reduce((sum, { points }) => sum + points, 0)
  const most = unknown.length > 0 ? mostWhenUnknown : 100
  return {
    ...(!unknown.some(({ isRequired }) => isRequired) && { value: Math.max(0, Math.min(most, left)) }),
    version: scoreVersion,
    reasons,
    unknown: unknown.map(({ code }) => code),
  }
}

const isKnown = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value)

function reasonOf({ code, steps, lessIsWorse }: Term, value: number | undefined): ScoreReason[] {
  if (!isKnown(value)) return []
  const step = steps.find(([bound]) => (lessIsWorse ? value < bound : value > bound))
  return step ? [{ points: step[1], code, value }] : []
}
