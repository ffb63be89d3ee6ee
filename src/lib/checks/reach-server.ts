// The first word with a server: whether it answers, whether its certificate is trusted, whether it lets us in.
import { toMcpxError } from '../base/errors.ts'
import { createApi } from '../client/api.ts'
import { routes } from '../protocol/routes.ts'
import { infoReply } from '../protocol/schemas.ts'
import type { ServerInfo, ServerTarget } from './context.ts'
import { ask, isTrustFailure } from './http-ask.ts'

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
    const response = await api.request(routes.mcpPrefixes[0], { signal: limit })
    return { ...target, state: 'reached', access: 'granted', ...infoOf(await response.json()) }
  } catch (error) {
    signal.throwIfAborted()
    const { code, message } = toMcpxError(error)
    const isRefused = code === 'UNAUTHORIZED' || code === 'FORBIDDEN'
    return { ...target, state: 'reached', access: isRefused ? 'refused' : 'unknown', reason: message }
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
