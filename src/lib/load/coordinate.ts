// The course of a load test: groups of viewers begin together, are watched every second, and end by their plan or before; what they
// tell becomes one account. Nobody here knows where the viewers run.

import { type Clock, delay, every } from '../base/clock.ts'
import { type ErrorRecord, type McpxError, toErrorRecord, toMcpxError } from '../base/errors.ts'
import type { LoadResult, LoadSession, ViewerKind } from '../protocol/load-result.ts'
import type { GroupEvents, ViewerGroup } from './group.ts'
import type { LoadDeps, LoadOptions, LoadRun } from './load-options.ts'
import type { LoadCut } from './load-plane.ts'
import { type PlannedSession, sessionsOf } from './plan.ts'
import { Tally } from './tally.ts'
import { judgeTool } from './trust.ts'
import { unseen } from './unseen.ts'

export interface LoadParts {
  /** All groups of the run; none has begun. `events`: of the group with this number. */
  createGroups(events: (group: number) => GroupEvents): readonly ViewerGroup[]
  /** Whether the server is gone, asked now. */
  serverGone(): Promise<McpxError | undefined>
  /** Notices that nothing comes and nobody answers; returns what stops it. */
  watchServer(heard: () => number, onGone: (error: McpxError) => void): () => void
  /** CPU seconds of this process, its threads included. */
  cpuS(): number
}

/** How long sessions may take to close before their group is ended. */
const closeGraceMs = 10_000
const momentMs = 1000
/** What is said of the tool's own troubles. */
const maxTroubles = 5

type Outcome = LoadResult['outcome']
/** What a session fails of when nobody is there any more. */
const connectionCodes = ['SERVER_UNREACHABLE', 'PEER_FAILED']

export async function coordinate(options: LoadOptions, deps: LoadDeps, parts: LoadParts): Promise<LoadRun> {
  const { clock, signal } = deps
  const tally = new Tally({ viewers: options.viewers, seed: options.seed })
  const troubles: string[] = []
  let outcome: Outcome = 'complete'
  let lastFailure: string | undefined

  const note = (trouble: string) => {
    if (troubles.length < maxTroubles && !troubles.includes(trouble)) troubles.push(trouble)
  }
  const groups = parts.createGroups((group) => ({
    onStep: (step) => tally.step(group, step),
    onSession(session) {
      tally.session(session)
      lastFailure = session.error?.code
    },
    onNote: (text) => deps.onNote?.(text),
    onStray: (message) => note(`an error that nobody waited for: ${message}`),
  }))

  // One that cannot says so again when it is to begin.
  await Promise.all(groups.map((group) => group.prepare().catch(() => {})))
  const startedAtMs = clock.wallMs()
  const originMs = clock.now()
  const startCpuS = parts.cpuS()
  const elapsedS = () => (clock.now() - originMs) / 1000

  const cutting = Promise.withResolvers<void>()
  function cut(why: Outcome, error: ErrorRecord | null): void {
    if (outcome !== 'complete') return
    outcome = why
    for (const group of groups) group.cut({ error } satisfies LoadCut)
    cutting.resolve()
  }

  const account = (): LoadRun =>
    accountOf({ options, clock, startedAtMs, originMs, tally, troubles, outcome, groups, startCpuS, parts })

  const interrupt = () => cut('interrupted', null)
  signal.addEventListener('abort', interrupt, { once: true })
  const stopWatch = parts.watchServer(
    () => tally.packets,
    (error) => cut('server-gone', toErrorRecord(error)),
  )
  const moments = every(clock, momentMs, () => {
    const moment = tally.moment(elapsedS())
    if (deps.onMoment(moment, account)) cut('aborted', null)
  })

  async function follow(group: ViewerGroup, index: number): Promise<void> {
    try {
      tally.step(index, await group.run())
    } catch (error) {
      // One that was ended because it did not end by itself is told of there.
      if (outcome === 'complete') note(`${group.viewers.length} viewers were lost: ${toMcpxError(error).message}`)
      bury(group, error)
    }
  }

  /** The sessions of a group that has died have failed, also those that it had not begun; of one that did not close in time those that had. */
  function bury(group: ViewerGroup, thrown: unknown): void {
    const { code, message } = toMcpxError(thrown)
    const isEnded = outcome === 'interrupted' || outcome === 'aborted'
    const how = isEnded
      ? ({ outcome: 'interrupted', error: null } as const)
      : ({ outcome: 'failed', error: { code, message } } as const)
    for (const viewer of group.viewers)
      for (const planned of sessionsOf(options, viewer)) {
        const known = tally.heardOf({ viewer, plannedS: planned.beginMs / 1000 })
        const isDue = outcome === 'complete' || planned.beginMs <= clock.now() - originMs
        if (known === 'over' || !(known || isDue)) continue
        tally.session({ ...(known ?? blank(planned, group.kind)), ...how })
      }
  }

  try {
    if (signal.aborted) interrupt()
    const running = Promise.all(groups.map(follow))
    await Promise.race([running, cutting.promise.then(() => delay(clock, closeGraceMs))])
    await Promise.all(groups.map((group) => group.stop()))
    await running
  } finally {
    moments.cancel()
    stopWatch()
    signal.removeEventListener('abort', interrupt)
  }
  if (outcome === 'complete' && lastFailure !== undefined && connectionCodes.includes(lastFailure))
    if (await parts.serverGone()) outcome = 'server-gone'
  tally.moment(elapsedS())
  return account()
}

interface AccountOf {
  readonly options: LoadOptions
  readonly clock: Clock
  readonly startedAtMs: number
  readonly originMs: number
  readonly tally: Tally
  readonly troubles: readonly string[]
  readonly outcome: Outcome
  readonly groups: readonly ViewerGroup[]
  readonly startCpuS: number
  readonly parts: LoadParts
}

function accountOf({
  options,
  clock,
  startedAtMs,
  originMs,
  tally,
  troubles,
  outcome,
  groups,
  ...rest
}: AccountOf): LoadRun {
  const { server, scenario, seed, viewers, browser, rampS, durationS, contents, quality, impairment, processes } =
    options
  const elapsedMs = clock.now() - originMs
  const { strains } = tally
  const ownCpuS = rest.parts.cpuS() - rest.startCpuS
  const theirCpuS = processes > 0 ? strains.reduce((sum, { cpuS }) => sum + cpuS, 0) : 0
  return {
    version: 1,
    startedAt: new Date(startedAtMs).toISOString(),
    // By the monotonic clock: the other may be set meanwhile.
    endedAt: new Date(startedAtMs + elapsedMs).toISOString(),
    server,
    outcome,
    plan: {
      scenario,
      seed,
      viewers,
      browserViewers: browser?.viewers ?? 0,
      rampS,
      durationS,
      contents,
      quality: quality ?? null,
      impairment: impairment?.text ?? null,
    },
    tool: judgeTool({
      strains,
      cpuS: ownCpuS + theirCpuS,
      elapsedS: elapsedMs / 1000,
      workers: groups.length,
      troubles,
    }),
    ...tally.account(),
  }
}

/** Of a session of which nothing was heard. */
const blank = ({ viewer, content, beginMs }: PlannedSession, kind: ViewerKind): LoadSession => ({
  ...unseen,
  viewer,
  kind,
  content,
  plannedS: beginMs / 1000,
  endedS: beginMs / 1000,
  outcome: 'failed',
  error: null,
  answerMs: null,
  watchedS: 0,
  actions: 0,
})
