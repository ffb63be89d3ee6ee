// What each viewer of a load test does when: pure, and the same for the same seed. A plan is made anew wherever it is needed, one
// viewer at a time, so that nobody holds or sends a long one.
import { seeded } from '../base/random.ts'
import type { LoadScenario } from '../model/load-scenario.ts'
import { type Quality, qualities } from '../model/quality.ts'

export interface PlanOptions {
  readonly scenario: LoadScenario
  readonly viewers: number
  readonly rampS: number
  readonly durationS: number
  readonly seed: number
  /** Taken in turn. */
  readonly contents: readonly string[]
}

/** `share`: of the content's duration. */
export type PlannedCommand =
  | { readonly type: 'pause' }
  | { readonly type: 'play' }
  | { readonly type: 'seek'; readonly share: number }
  | { readonly type: 'quality'; readonly quality: Quality }

/** From the begin of the run. */
export type PlannedAction = PlannedCommand & { readonly atMs: number }

export interface PlannedSession {
  readonly viewer: number
  readonly content: string
  readonly beginMs: number
  readonly endMs: number
  /** In the order of time. */
  readonly actions: readonly PlannedAction[]
}

/** Nobody begins so late that he sees nothing: before the end there is this much, or half of a short run. */
const leastWatchMs = 2000
/** How long one who comes and goes stays away. */
const churn = { stayMs: [5000, 20_000], awayMs: [1000, 5000] } as const
const random = { stayMs: [5000, 30_000], awayMs: [500, 3000], pauseMs: [1000, 5000], everyMs: [1000, 5000] } as const

type Range = readonly [least: number, most: number]

/** The sessions of one viewer in the order of time; those of a viewer who comes again do not overlap. */
export function* sessionsOf(options: PlanOptions, viewer: number): Generator<PlannedSession> {
  const { scenario, contents, durationS, seed } = options
  const draw = seeded(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(viewer + 1, 0x85eb_ca6b))
  const between = ([least, most]: Range) => least + draw() * (most - least)
  const endMs = durationS * 1000
  const lastBeginMs = endMs - Math.min(leastWatchMs, endMs / 2)
  let beginMs = Math.min(joinMs(options, viewer), lastBeginMs)
  for (let session = 0; beginMs <= lastBeginMs; session++) {
    const content = contents[(viewer + session) % contents.length]!
    const { stayMs, awayMs } = scenario === 'random' ? random : churn
    const comesAgain = scenario === 'random' || scenario === 'churn'
    const leaveMs = comesAgain ? Math.min(endMs, beginMs + between(stayMs)) : endMs
    const actions = scenario === 'random' ? actionsIn(beginMs, leaveMs, between, draw) : []
    yield { viewer, content, beginMs, endMs: leaveMs, actions }
    if (!comesAgain) return
    beginMs = leaveMs + between(awayMs)
  }
}

/** Evenly over the ramp, the first at once. */
function joinMs({ scenario, viewers, rampS }: PlanOptions, viewer: number): number {
  return scenario === 'flash-crowd' ? 0 : (rampS * 1000 * viewer) / viewers
}

/** Change quality, seek, pause, at random (seed 001); who pauses plays again. */
function actionsIn(
  beginMs: number,
  endMs: number,
  between: (range: Range) => number,
  draw: () => number,
): PlannedAction[] {
  const actions: PlannedAction[] = []
  for (let atMs = beginMs + between(random.everyMs); atMs < endMs; atMs += between(random.everyMs)) {
    const which = draw()
    if (which < 0.4) actions.push({ atMs, type: 'quality', quality: qualities[Math.floor(draw() * qualities.length)]! })
    else if (which < 0.7) actions.push({ atMs, type: 'seek', share: draw() })
    else {
      actions.push({ atMs, type: 'pause' })
      atMs += between(random.pauseMs)
      if (atMs < endMs) actions.push({ atMs, type: 'play' })
    }
  }
  return actions
}
