// Runs one check against what a test made, as the command does.
import { systemClock } from '../../src/lib/base/clock.ts'
import type { Check } from '../../src/lib/checks/check.ts'
import type { CheckContext } from '../../src/lib/checks/context.ts'
import { reachServer } from '../../src/lib/checks/reach-server.ts'
import { runChecks } from '../../src/lib/checks/run-checks.ts'
import type { CheckResult } from '../../src/lib/model/check.ts'

export const noSettings: CheckContext['settings'] = {
  repoPath: '/nowhere',
  gateways: [],
  offline: false,
  iceServers: [],
  announceAddresses: [],
}

type Given = Partial<Omit<CheckContext, 'signal' | 'settings'>> & {
  readonly settings?: Partial<CheckContext['settings']>
  /** Met first, as the command does. */
  readonly url?: string
  readonly token?: string
  readonly deadlineS?: number
}

/** Every result of the check. */
export async function runCheck(check: Check, given: Given = {}): Promise<CheckResult[]> {
  const { url, token, deadlineS, settings, ...context } = given
  const { signal } = new AbortController()
  const server = url === undefined ? context.server : await reachServer({ url, token, signal, timeoutMs: 5000 })
  return runChecks({
    checks: [check],
    context: {
      clock: systemClock,
      ...context,
      settings: { ...noSettings, ...settings },
      ...(server && { server }),
    },
    where: context.inside ? 'server' : 'here',
    signal,
    ...(deadlineS !== undefined && { deadlineS }),
  })
}

/** The only result. */
export async function runOne(check: Check, given: Given = {}): Promise<CheckResult> {
  const results = await runCheck(check, given)
  if (results.length !== 1) throw new Error(`${check.name} found ${results.length} things: ${JSON.stringify(results)}`)
  return results[0]!
}
