// What the workers of a load test tell, added up: figures, summary, timeline. Pure: records and times in, the account out. Every
// session counts, also one that never connected; what is kept of them is bounded.
import { seeded } from '../base/random.ts'
import { figureOf } from '../protocol/load-figures.ts'
import {
  type LoadFigure,
  type LoadMoment,
  type LoadResult,
  type LoadSession,
  loadFigures,
} from '../protocol/load-result.ts'
import { CountedValues } from './counted-values.ts'
import type { LoadCounts, LoadStep, LoadStrain } from './load-plane.ts'
import { Timeline } from './timeline.ts'

export interface TallyLimits {
  /** Sessions that are listed; more are counted. */
  readonly sessions: number
  /** Different errors that are told apart. */
  readonly errors: number
}

const usualLimits: TallyLimits = { sessions: 10_000, errors: 100 }

/** Of a shorter time no rate is told. */
const leastStepS = 0.5

interface Pace {
  readonly atS: number
  readonly bytes: number
  readonly kbps: number
}

type Account = Pick<LoadResult, 'summary' | 'figures' | 'timeline' | 'sessions' | 'sessionsLeftOut'>

const keyOf = ({ viewer, plannedS }: Pick<LoadSession, 'viewer' | 'plannedS'>) => `${viewer} ${plannedS}`

export class Tally {
  readonly #viewers: number
  readonly #timeline = new Timeline()
  readonly #steps = new Map<number, LoadStep>()
  /** Sessions that go on, as last heard. */
  readonly #open = new Map<string, LoadSession>()
  /** The last session of each viewer that is over, by when it was planned: those before it are over too. */
  readonly #overUntilS = new Map<number, number>()
  readonly #over: Sums
  /** Of each group, by its own time: its steps and the moments do not come together. */
  readonly #paces = new Map<number, Pace>()
  #before: LoadCounts | undefined

  constructor({ viewers, seed }: { viewers: number; seed: number }, limits: TallyLimits = usualLimits) {
    this.#viewers = viewers
    this.#over = new Sums(limits, seeded(seed))
  }

  /** Packets that have arrived, of all sessions. */
  get packets(): number {
    return this.#counts().packets
  }

  /** The last that each group told of how the tool fares. */
  get strains(): readonly LoadStrain[] {
    return [...this.#steps.values()].map(({ strain }) => strain)
  }

  step(group: number, step: LoadStep): void {
    this.#steps.set(group, step)
    for (const session of step.open) if (!this.#isOver(session)) this.#open.set(keyOf(session), session)
  }

  /** A session is over. */
  session(session: LoadSession): void {
    this.#open.delete(keyOf(session))
    this.#overUntilS.set(session.viewer, session.plannedS)
    this.#over.add(session)
  }

  /** What was last heard of a session that goes on, or that it is over. */
  heardOf(session: Pick<LoadSession, 'viewer' | 'plannedS'>): LoadSession | 'over' | undefined {
    return this.#isOver(session) ? 'over' : this.#open.get(keyOf(session))
  }

  /** The present, which goes into the timeline too. */
  moment(atS: number): LoadMoment {
    const counts = this.#counts()
    const before = this.#before ?? noCounts
    this.#before = counts
    const since = (field: keyof LoadCounts) => Math.max(0, counts[field] - before[field])
    const lost = since('packetsLost')
    const sent = since('packets') - since('packetsRecovered') + lost
    const lags = [...this.#steps.values()].map(({ stepLagP99Ms }) => stepLagP99Ms)
    const moment: LoadMoment = {
      atS,
      sessions: counts.begun,
      watching: counts.watching,
      failed: counts.failed,
      bitrateKbps: this.#bitrateKbps(),
      lossRatio: sent > 0 ? Math.min(1, lost / sent) : null,
      freezes: counts.freezes,
      lagP99Ms: lags.length > 0 ? Math.max(...lags) : null,
    }
    this.#timeline.add(moment)
    return moment
  }

  account(): Account {
    const sums = this.#over.copy()
    for (const session of this.#open.values()) sums.add(session)
    const figures: Partial<Record<LoadFigure, NonNullable<Account['figures'][LoadFigure]>>> = {}
    for (const figure of loadFigures) {
      const distribution = sums.values[figure].distribution()
      if (distribution) figures[figure] = distribution
    }
    return {
      summary: { viewers: this.#viewers, ...sums.summary, errors: sums.errorList() },
      figures,
      timeline: [...this.#timeline.moments],
      sessions: sums.listed.toSorted((a, b) => a.plannedS - b.plannedS || a.viewer - b.viewer),
      sessionsLeftOut: sums.summary.sessions - sums.listed.length,
    }
  }

  #isOver({ viewer, plannedS }: Pick<LoadSession, 'viewer' | 'plannedS'>): boolean {
    return plannedS <= (this.#overUntilS.get(viewer) ?? Number.NEGATIVE_INFINITY)
  }

  /** What a group sent last stands until its next step, and a step that is too short to tell stands for nothing. */
  #bitrateKbps(): number {
    let sum = 0
    for (const [group, { atS, counts }] of this.#steps) {
      const before = this.#paces.get(group) ?? { atS: 0, bytes: 0, kbps: 0 }
      const elapsedS = atS - before.atS
      const isTold = elapsedS >= leastStepS
      const pace = isTold
        ? { atS, bytes: counts.bytes, kbps: (Math.max(0, counts.bytes - before.bytes) * 8) / 1000 / elapsedS }
        : before
      this.#paces.set(group, pace)
      sum += pace.kbps
    }
    return sum
  }

  #counts(): LoadCounts {
    const sums = { ...noCounts }
    for (const { counts } of this.#steps.values()) for (const field of countFields) sums[field] += counts[field]
    return sums
  }
}

type MutableCounts = { -readonly [K in keyof LoadCounts]: number }
export const noCounts: MutableCounts = {
  begun: 0,
  watching: 0,
  failed: 0,
  bytes: 0,
  packets: 0,
  packetsLost: 0,
  packetsRecovered: 0,
  freezes: 0,
}
const countFields = Object.keys(noCounts) as (keyof LoadCounts)[]

/** Over any number of sessions. */
class Sums {
  readonly values: Record<LoadFigure, CountedValues>
  readonly summary = { sessions: 0, connected: 0, failed: 0, freezes: 0, frozenS: 0, watchedS: 0, switches: 0 }
  /** Each session with the same chance of being here. */
  listed: LoadSession[] = []
  #errors = new Map<string, { code: string; message: string; count: number }>()
  readonly #limits: TallyLimits
  readonly #draw: () => number

  constructor(limits: TallyLimits, draw: () => number) {
    this.#limits = limits
    this.#draw = draw
    this.values = byFigure(() => new CountedValues())
  }

  add(session: LoadSession): void {
    const { summary } = this
    summary.sessions++
    if (session.connectMs !== null || session.startupMs !== null) summary.connected++
    if (session.outcome === 'failed') summary.failed++
    summary.freezes += session.freezes
    summary.frozenS += session.frozenS
    summary.watchedS += session.watchedS
    summary.switches += Math.max(0, session.rungs.length - 1)
    for (const figure of loadFigures) {
      const value = figureOf(session, figure)
      if (value !== undefined) this.values[figure].add(value)
    }
    if (session.error) this.#addError(session.error)
    this.#list(session)
  }

  copy(): Sums {
    const copy = new Sums(this.#limits, seeded(this.summary.sessions))
    for (const figure of loadFigures) copy.values[figure] = this.values[figure].copy()
    Object.assign(copy.summary, this.summary)
    copy.listed = [...this.listed]
    copy.#errors = new Map([...this.#errors].map(([key, error]) => [key, { ...error }]))
    return copy
  }

  /** The most frequent first. */
  errorList() {
    return [...this.#errors.values()].sort((a, b) => b.count - a.count)
  }

  #addError({ code, message }: { readonly code: string; readonly message: string }): void {
    const key = `${code} ${message}`
    const isRoom = this.#errors.has(key) || this.#errors.size < this.#limits.errors
    const shown = isRoom ? { key, message } : { key: code, message: 'other messages' }
    const error = this.#errors.get(shown.key) ?? { code, message: shown.message, count: 0 }
    error.count++
    this.#errors.set(shown.key, error)
  }

  /** Reservoir sampling (Vitter's algorithm R): whoever comes later has no less a chance. */
  #list(session: LoadSession): void {
    const { sessions } = this.#limits
    if (this.listed.length < sessions) this.listed.push(session)
    else {
      const place = Math.floor(this.#draw() * this.summary.sessions)
      if (place < sessions) this.listed[place] = session
    }
  }
}

const byFigure = <T>(make: () => T) =>
  Object.fromEntries(loadFigures.map((figure) => [figure, make()])) as Record<LoadFigure, T>
