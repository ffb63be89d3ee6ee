// Runs checks: those that do not disturb each other side by side, each until its deadline, and says what came of every one.
import { withDeadline } from '../base/deadline.ts'
import { toMcpxError } from '../base/errors.ts'
import type { CheckResult, Finding, Trouble } from '../model/check.ts'
import type { Check } from './check.ts'
import type { CheckContext } from './context.ts'
import { checkNeeds } from './needs.ts'

export interface RunChecksOptions {
  readonly checks: readonly Check[]
  readonly context: Omit<CheckContext, 'signal'>
  /** Where this is. */
  readonly where: CheckResult['where']
  readonly signal: AbortSignal
  /** In place of the deadlines of those that have a longer one. */
  readonly deadlineS?: number
  onStart?(check: Check): void
  /** As they come, in any order. */
  onResults?(check: Check, results: readonly CheckResult[]): void
}

/** Of how many connections at once a server sees. */
const sideBySide = 12

/** Of every check. */
export const commonTroubles = {
  timeout: {
    cause: 'Nobody answered in time: a firewall that drops, a service that hangs, or a path that is very slow.',
    fix: 'Run it again alone with a longer --deadline; then look whether a firewall lies between.',
  },
  error: {
    cause: 'The check met something that it does not know.',
    fix: 'Run it again alone with --debug, and report what it says.',
  },
} as const satisfies Record<string, Trouble>

/** In the order of `checks`. Never rejects but with the reason of `signal`. */
export async function runChecks(options: RunChecksOptions): Promise<CheckResult[]> {
  const { checks, signal } = options
  const results = new Map<Check, readonly CheckResult[]>()
  const one = async (check: Check) => {
    signal.throwIfAborted()
    options.onStart?.(check)
    const found = await runCheck(check, options)
    results.set(check, found)
    options.onResults?.(check, found)
  }
  const quiet = checks.filter(({ disturbs }) => !disturbs)
  const waiting = quiet.values()
  await Promise.all(
    Array.from({ length: sideBySide }, async () => {
      for (const check of waiting) await one(check)
    }),
  )
  for (const check of checks) if (check.disturbs) await one(check)
  return checks.flatMap((check) => results.get(check) ?? [])
}

async function runCheck(check: Check, options: RunChecksOptions): Promise<CheckResult[]> {
  const { clock } = options.context
  const beganMs = clock.now()
  const found = await findings(check, options)
  const elapsedMs = clock.now() - beganMs
  return found.map((finding) => toResult(check, finding, options.where, elapsedMs))
}

async function findings(check: Check, options: RunChecksOptions): Promise<readonly Finding[]> {
  const { context, signal } = options
  for (const need of check.needs) {
    const reason = checkNeeds[need].missing(context)
    if (reason !== undefined) return [{ status: 'skipped', detail: reason }]
  }
  const deadlineS = Math.min(check.deadlineS, options.deadlineS ?? Infinity)
  try {
    const found = await bounded(check, deadlineS, context, signal)
    return Array.isArray(found) ? found : [found as Finding]
  } catch (error) {
    signal.throwIfAborted()
    if (error === tooLate) return [{ status: 'fail', detail: `not over within ${deadlineS} s`, trouble: 'timeout' }]
    const { code, message, hint } = toMcpxError(error)
    return [{ status: 'fail', detail: message, trouble: 'error', ...(code !== 'INTERNAL' && { fix: hint }) }]
  }
}

const tooLate = new Error('the deadline of a check')

const bounded = (check: Check, deadlineS: number, context: Omit<CheckContext, 'signal'>, signal: AbortSignal) =>
  withDeadline(
    context.clock,
    deadlineS * 1000,
    signal,
    (within) => check.run({ ...context, signal: within }),
    () => tooLate,
  )

/** With what there is to say of its trouble. */
function toResult(check: Check, finding: Finding, where: CheckResult['where'], elapsedMs: number): CheckResult {
  const { name, group, title, troubles } = check
  const trouble = finding.trouble === undefined ? undefined : troubleOf(troubles, finding.trouble)
  return { check: name, group, title, where, elapsedMs, ...trouble, ...finding }
}

const troubleOf = (own: Check['troubles'], name: string): Trouble | undefined =>
  own[name] ?? (commonTroubles as Readonly<Record<string, Trouble>>)[name]
