// One round of checks: those that are made here and those that the server makes, joined in the order in which they are declared.
import type { Clock } from '../../lib/base/clock.ts'
import type { Check } from '../../lib/checks/check.ts'
import type { CheckContext, ServerTarget } from '../../lib/checks/context.ts'
import { reachServer } from '../../lib/checks/reach-server.ts'
import { runChecks } from '../../lib/checks/run-checks.ts'
import type { CheckResult } from '../../lib/model/check.ts'
import { type ChecksReport, checksReportVersion } from '../../lib/protocol/checks.ts'
import { askServer, skippedAll } from './ask-server.ts'

export interface RoundOptions {
  readonly checks: readonly Check[]
  readonly url: string | undefined
  readonly token: string | undefined
  readonly content: string | undefined
  readonly settings: CheckContext['settings']
  readonly deadlineS: number | undefined
  readonly clock: Clock
  readonly signal: AbortSignal
  /** What is under way, each time that changes. */
  onProgress(running: readonly string[], done: number): void
}

/** How long a server may take for its first word. */
const reachMs = 5000

export async function checkOnce(options: RoundOptions): Promise<ChecksReport> {
  const { url, token, clock, signal, deadlineS = Infinity } = options
  const startedAt = new Date(clock.wallMs()).toISOString()
  const beganMs = clock.now()
  const timeoutMs = Math.min(reachMs, deadlineS * 1000)
  const server = url === undefined ? undefined : await reachServer({ url, token, signal, timeoutMs })
  const results = await runBoth(options, server)
  const counts = { pass: 0, warn: 0, fail: 0, skipped: 0 }
  for (const { status } of results) counts[status]++
  return {
    version: checksReportVersion,
    startedAt,
    elapsedMs: clock.now() - beganMs,
    server: server?.url ?? null,
    serverState: server?.state ?? 'none',
    outcome: outcomeOf(options, server, counts.fail),
    counts,
    results,
  }
}

/** Who asks only for what can be looked at here is told how that is. */
function outcomeOf(
  { checks }: RoundOptions,
  server: ServerTarget | undefined,
  failed: number,
): ChecksReport['outcome'] {
  const isMissing = server ? server.state === 'unreachable' : checks.some(({ where }) => where !== 'either')
  if (isMissing) return 'unreachable'
  if (server?.access === 'refused' && (server.token !== undefined || checks.some(needsAccess))) return 'refused'
  return failed > 0 || server?.state === 'untrusted' ? 'failed' : 'passed'
}

/** Most promises of --security can be held against a server that lets nobody in. */
const needsAccess = ({ group, where, needs }: Check): boolean =>
  group !== 'security' && (where !== 'here' || needs.includes('access'))

async function runBoth(options: RoundOptions, server: ServerTarget | undefined): Promise<CheckResult[]> {
  const { checks, signal } = options
  const elsewhere = checks.filter(({ where }) => where !== 'here')
  const local = createLocal(options, server)
  const [answer, quiet] = await Promise.all([
    server && elsewhere.length > 0 ? askServer(server, elsewhere, options, signal) : { reason: 'no server was asked' },
    local.run(checks.filter(({ where, disturbs }) => where === 'here' && !disturbs)),
  ])
  // When the server measures nothing any more.
  const measured = await local.run(checks.filter(({ where, disturbs }) => where === 'here' && disturbs))
  const remote = 'results' in answer ? withUnknown(elsewhere, answer.results) : await untold(answer.reason)
  const all = [...quiet, ...measured, ...remote]
  return checks.flatMap(({ name }) => all.filter(({ check }) => check === name))

  /** What is found here says nothing of a server that is there and does not tell. */
  async function untold(reason: string): Promise<CheckResult[]> {
    if (server && server.state !== 'unreachable') return skippedAll(elsewhere, reason)
    const here = await local.run(elsewhere.filter(({ where }) => where === 'either'))
    const others = elsewhere.filter(({ where }) => where === 'server')
    return [...here, ...skippedAll(others, reason)]
  }
}

function createLocal(options: RoundOptions, server: ServerTarget | undefined) {
  const { clock, settings, signal, deadlineS, onProgress } = options
  const content = options.content ?? server?.info?.sampleCid
  const context = { clock, settings, ...(server && { server }), ...(content !== undefined && { content }) }
  const running = new Set<string>()
  let done = 0
  return {
    run: (checks: readonly Check[]): Promise<CheckResult[]> =>
      runChecks({
        checks,
        context,
        where: 'here',
        signal,
        ...(deadlineS !== undefined && { deadlineS }),
        onStart({ name }) {
          running.add(name)
          onProgress([...running], done)
        },
        onResults({ name }) {
          running.delete(name)
          done++
          onProgress([...running], done)
        },
      }),
  }
}

/** A server of another version may not have every check. What it says of those that are made here is nobody's business. */
function withUnknown(asked: readonly Check[], results: readonly CheckResult[]): CheckResult[] {
  const wanted = new Set(asked.map(({ name }) => name))
  const found = results.filter(({ check }) => wanted.has(check))
  const known = new Set(found.map(({ check }) => check))
  const unknown = asked.filter(({ name }) => !known.has(name))
  return [...found, ...skippedAll(unknown, 'the server does not know this check')]
}
