// The half of the checks that the server makes: asked for in one request, and what is said where it cannot or may not.
import type { Check } from '../../lib/checks/check.ts'
import type { ServerTarget } from '../../lib/checks/context.ts'
import { ask, bearer } from '../../lib/checks/http-ask.ts'
import { parseJson } from '../../lib/checks/parse-json.ts'
import type { CheckResult } from '../../lib/model/check.ts'
import { checksReply } from '../../lib/protocol/checks.ts'
import { routes } from '../../lib/protocol/routes.ts'

export type ServerAnswer =
  | { readonly results: readonly CheckResult[] }
  /** Why it was not asked, or did not answer. */
  | { readonly reason: string }

/** More is no answer to this. */
const maxBytes = 4 * 2 ** 20

/** Never rejects but with the reason of the signal. */
export async function askServer(
  { url, token, access, state }: ServerTarget,
  checks: readonly Check[],
  { content, deadlineS }: { readonly content: string | undefined; readonly deadlineS: number | undefined },
  signal: AbortSignal,
): Promise<ServerAnswer> {
  if (state !== 'reached' || access !== 'granted') return { reason: 'the server could not be asked' }
  const query = new URLSearchParams(checks.map(({ name }): [string, string] => ['name', name]))
  if (content !== undefined) query.set('content', content)
  if (deadlineS !== undefined) query.set('deadline', String(deadlineS))
  const limit = AbortSignal.timeout(1000 * (5 + checks.reduce((sum, { deadlineS }) => sum + deadlineS, 0)))
  try {
    const { status, body } = await ask(`${url}${routes.checks}?${query}`, {
      signal: AbortSignal.any([signal, limit]),
      headers: bearer(token),
      maxBytes,
    })
    const said = parseJson(body)
    if (status !== 200) return { reason: refusal(status, said) }
    const { success, data } = checksReply.safeParse(said)
    if (!success) return { reason: 'the server answers in a way that this mcpx does not know: update the older one' }
    return { results: data.results as CheckResult[] }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) return { reason: 'the server did not answer in time' }
    return { reason: `the server does not answer: ${(error as Error).message}` }
  }
}

function refusal(status: number, said: unknown): string {
  const { error } = (said ?? {}) as { error?: unknown }
  const words = typeof error === 'string' ? error.slice(0, 300) : `it answered ${status}`
  if (status === 404) return 'the server is too old to check its side'
  return status === 401 || status === 403 ? `the server does not tell: ${words}` : words
}

/** For checks of which the server said nothing. */
export const skippedAll = (checks: readonly Check[], reason: string): CheckResult[] =>
  checks.map(({ name, group, title }) => ({
    check: name,
    group,
    title,
    where: 'server',
    status: 'skipped',
    detail: reason,
    elapsedMs: 0,
  }))
