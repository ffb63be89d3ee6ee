// A load test for programs: what `mcpx test-client` does, with its defaults, without files and terminal.
import { systemClock } from './base/clock.ts'
import { McpxError } from './base/errors.ts'
import { parseImpairment } from './impairment/spec.ts'
import { type LoadOptions, runLoad } from './load/index.ts'
import { loadScenarios } from './model/load-scenario.ts'
import type { LoadMoment, LoadResult, LoadScenario } from './protocol/load-result.ts'
import { judgeLoad, parseLoadThreshold } from './report/judge-load.ts'

export interface LoadTestOptions {
  /** Home page of the server. */
  readonly server: string
  readonly token?: string
  /** CIDs, taken in turn. */
  readonly contents: readonly string[]
  /** Default: 10. */
  readonly viewers?: number
  /** Seconds. Default: 30. */
  readonly durationS?: number
  /** Seconds over which they join. Default: 0.1 a viewer, at most a third of the duration; 0 in a flash crowd. */
  readonly rampS?: number
  /** Default: steady. */
  readonly scenario?: LoadScenario
  /** Default: 1. */
  readonly seed?: number
  /** Child processes in place of threads. Default: 0. */
  readonly processes?: number
  /** As `--impair` and `--impair-at` have it. */
  readonly impair?: string
  readonly impairAt?: readonly string[]
  /** As `--threshold` has them. */
  readonly thresholds?: readonly string[]
  /** Ends the test; what was measured until then is the result. */
  readonly signal?: AbortSignal
  /** About every second. */
  onMoment?(moment: LoadMoment): void
}

const joinsPerS = 10

/**
 * Resolves when the test is over, with what was measured and what became of each threshold, also where the server went away meanwhile
 * (`outcome`). Throws before anything begins: INVALID_OPTION, SERVER_UNREACHABLE, UNAUTHORIZED, TOO_MANY_FILES.
 */
export async function runLoadTest(options: LoadTestOptions): Promise<LoadResult> {
  const thresholds = (options.thresholds ?? []).map(parseLoadThreshold)
  const run = await runLoad(loadOf(options), {
    clock: systemClock,
    signal: options.signal ?? new AbortController().signal,
    onMoment(moment) {
      options.onMoment?.(moment)
      return undefined
    },
  })
  return { ...run, thresholds: thresholds.map((threshold) => judgeLoad(run, threshold)) }
}

function loadOf(options: LoadTestOptions): LoadOptions {
  const { server, token, contents, scenario = 'steady', impair, impairAt = [] } = options
  if (contents.length === 0) throw refuse('contents', 'names nothing to watch')
  if (!loadScenarios.includes(scenario)) throw refuse('scenario', `is none of ${loadScenarios.join(', ')}`)
  const viewers = whole('viewers', options.viewers ?? 10, 1, 100_000)
  const durationS = within('durationS', options.durationS ?? 30, 1, 7 * 86_400)
  const usualRampS = scenario === 'flash-crowd' ? 0 : Math.min(viewers / joinsPerS, durationS / 3)
  return {
    server,
    ...(token !== undefined && { token }),
    contents,
    viewers,
    durationS,
    rampS: within('rampS', options.rampS ?? usualRampS, 0, scenario === 'flash-crowd' ? 0 : durationS),
    scenario,
    seed: whole('seed', options.seed ?? 1, 0, 2 ** 31 - 1),
    processes: whole('processes', options.processes ?? 0, 0, 64),
    ...((impair !== undefined || impairAt.length > 0) && {
      impairment: parseImpairment({ at: impairAt, ...(impair !== undefined && { base: impair }) }),
    }),
  }
}

const refuse = (name: string, why: string) => new McpxError('INVALID_OPTION', `${name} ${why}`)

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) throw refuse(name, `is ${value}, not from ${least} to ${most}`)
  return value
}

function whole(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value)) throw refuse(name, `is ${value}, not a whole number`)
  return within(name, value, least, most)
}
