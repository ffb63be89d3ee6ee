// The first word with a server: whether it answers, whether its certificate is trusted, whether it lets us in.
import { createApi } from '../client/api.ts'
import { routes } from '../protocol/routes.ts'
import { infoReply } from '../protocol/schemas.ts'
import type { ServerInfo, ServerTarget } from './context.ts'
import { ask, bearer, isTrustFailure } from './http-ask.ts'
import { parseJson } from './parse-json.ts'

export interface ReachOptions {
  readonly url: string
  readonly token?: string | undefined
  readonly signal: AbortSignal
  /** How long it may take to say anything. */
  readonly timeoutMs: number
}

/** Rejects only with the reason of the signal. */
export async function reachServer({ url, token, signal, timeoutMs }: ReachOptions): Promise<ServerTarget> {
  const base = url.replace(/\/+$/, '')
  const api = createApi({ url: base, signal, ...(token !== undefined && { token }) })
  const target = { url: base, api, ...(token !== undefined && { token }) }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  try {
    await ask(`${base}${routes.health}`, { signal: limit })
  } catch (error) {
    signal.throwIfAborted()
    if (isTrustFailure(error)) return { ...target, state: 'untrusted', access: 'unknown', reason: reasonOf(error) }
    return {
      ...target,
      state: 'unreachable',
      access: 'unknown',
      reason: limit.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error),
    }
  }
  try {
    const { status, body } = await ask(`${base}${routes.mcpPrefixes[0]}`, { signal: limit, headers: bearer(token) })
    const said = parseJson(body)
    if (status === 200) return { ...target, state: 'reached', access: 'granted', ...infoOf(said) }
    const { error } = (said ?? {}) as { error?: unknown }
    const reason = typeof error === 'string' ? error.slice(0, 300) : `it answered ${status}`
    return { ...target, state: 'reached', access: status === 401 || status === 403 ? 'refused' : 'unknown', reason }
  } catch (error) {
    signal.throwIfAborted()
    return { ...target, state: 'reached', access: 'unknown', reason: reasonOf(error) }
  }
}

function infoOf(body: unknown): { info?: ServerInfo } {
  const { success, data } = infoReply.safeParse(body)
  if (!success) return {}
  const { version, encoder, content_store: contentStore, sample_cid: sampleCid, endpoints } = data
  const metricsPath = endpoints.metrics
  return {
    info: {
      version,
      encoder,
      contentStore,
      ...(sampleCid !== undefined && { sampleCid }),
      ...(metricsPath !== undefined && { metricsPath }),
    },
  }
}

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
