// Follows what a server tells of its connections: over a WebSocket, else by asking; and finds the server again when it was gone.

import { type Clock, delay } from '../base/clock.ts'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { jsonOf, textUpTo } from '../base/response-text.ts'
import type { WatchLink } from '../model/link.ts'
import type { Quality } from '../model/quality.ts'
import type { LiveMessage, LiveState } from '../protocol/live.ts'
import { parseLive, parseState } from '../protocol/live-message.ts'
import { routes } from '../protocol/routes.ts'
import type { Api } from './api.ts'
import { watchServer } from './server-watch.ts'

type LiveApi = Pick<Api, 'request' | 'action' | 'address'>

interface FollowOptions {
  readonly api: LiveApi
  /** A WebSocket needs a ticket then: it cannot carry the token. */
  readonly hasToken: boolean
  readonly clock: Clock
  /** Ends it. */
  readonly signal: AbortSignal
  /** How often a server is asked that gives no WebSocket. */
  readonly intervalMs: number
  onMessage(message: LiveMessage): void
  onLink(link: WatchLink): void
}

const answerTimeoutMs = 5000
/** The state of many thousand connections; what is longer is none that is understood. */
const maxStateBytes = 64 * 2 ** 20
const firstRetryMs = 500
const longestRetryMs = 10_000
/** Where there was no WebSocket it is tried again after so long. */
const socketAgainMs = 30_000

/** Everything that is known now. Throws SERVER_UNREACHABLE, UNAUTHORIZED, or MONITOR_OFF. */
export async function fetchLive(api: LiveApi, signal: AbortSignal): Promise<LiveState> {
  const limit = AbortSignal.timeout(answerTimeoutMs)
  try {
    const response = await api.request(routes.webrtc.live, { signal: AbortSignal.any([limit, signal]) })
    const state = parseState(await textUpTo(response, maxStateBytes))
    if (state) return state
    throw new McpxError('INVALID_REQUEST', `${api.address('')} tells its state in a way that this mcpx does not know`, {
      hint: 'Server and command must be of the same version; see `mcpx --version` and GET /health.',
    })
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) throw silence(api)
    throw error
  }
}

/** Until the signal aborts; never rejects. The first message after a link came up is a whole state. */
export async function followLive(options: FollowOptions): Promise<void> {
  const { clock, signal, onLink } = options
  const waitFor = (ms: number) => delay(clock, ms, signal).catch(() => {})
  let retryMs = firstRetryMs
  let lost: { readonly sinceMs: number; readonly reason: string } | undefined

  while (!signal.aborted) {
    const { messages, isSilent } = await overSocket(options)
    if (signal.aborted) return
    if (messages > 0) [retryMs, lost] = [firstRetryMs, undefined]
    const failure = isSilent
      ? silence(options.api)
      : messages > 0
        ? await failureOf(options)
        : await poll(options, waitFor)
    if (signal.aborted) return
    if (failure) {
      const reason = reasonOf(failure, options.api.address(''))
      if (reason !== lost?.reason) {
        lost = { sinceMs: lost?.sinceMs ?? clock.wallMs(), reason }
        onLink({ kind: 'gone', ...lost })
      }
    } else lost = undefined
    await waitFor(retryMs)
    retryMs = failure ? Math.min(longestRetryMs, retryMs * 2) : firstRetryMs
  }
}

/** Without the address, which whoever watches knows. */
const reasonOf = ({ message }: McpxError, address: string): string =>
  message.startsWith(address) ? message.slice(address.length).replace(/^:? /, '') : message

const silence = (api: LiveApi) => new McpxError('SERVER_UNREACHABLE', `${api.address('')} does not answer`)

/** Resolves when the socket is no more, or never was, with how much it brought, and whether the server fell silent. */
async function overSocket(options: FollowOptions): Promise<{ messages: number; isSilent: boolean }> {
  const { api, clock, signal, onMessage, onLink } = options
  let messages = 0
  let isSilent = false
  try {
    const socket = new WebSocket(await socketAddress(options))
    await new Promise<void>((resolve) => {
      let isOver = false
      const stopWatch = watchServer({ api, clock, heard: () => messages, onGone: fallSilent })
      signal.addEventListener('abort', end, { once: true })
      function fallSilent(): void {
        isSilent = true
        end()
      }
      function end(): void {
        isOver = true
        stopWatch()
        signal.removeEventListener('abort', end)
        socket.close()
        resolve()
      }
      socket.addEventListener('close', end)
      socket.addEventListener('error', end)
      socket.addEventListener('message', ({ data }) => {
        if (isOver) return
        const message = typeof data === 'string' ? parseLive(data) : undefined
        if (!message || (messages === 0 && message.type !== 'state')) return end()
        if (messages++ === 0) onLink({ kind: 'live' })
        onMessage(message)
      })
    })
  } catch {
    // Why there is no ticket is said by the answer to the question that follows.
  }
  return { messages, isSilent }
}

async function socketAddress({ api, hasToken, signal }: FollowOptions): Promise<URL> {
  const address = new URL(api.address(routes.webrtc.live))
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  if (!hasToken) return address
  const response = await api.request(routes.ticket, {
    method: 'POST',
    signal: AbortSignal.any([AbortSignal.timeout(answerTimeoutMs), signal]),
  })
  const { ticket } = (await jsonOf(response)) as { ticket?: unknown }
  address.searchParams.set('ticket', String(ticket))
  return address
}

/** Undefined where the server answers as it should. */
async function failureOf({ api, signal }: FollowOptions): Promise<McpxError | undefined> {
  return fetchLive(api, signal).then(() => undefined, toMcpxError)
}

/** Asks again and again, and returns after a while without a failure so that the WebSocket is tried again. */
async function poll(options: FollowOptions, waitFor: (ms: number) => Promise<void>): Promise<McpxError | undefined> {
  const { api, clock, signal, intervalMs, onMessage, onLink } = options
  const untilMs = clock.now() + socketAgainMs
  let isPolling = false
  while (!signal.aborted && clock.now() < untilMs) {
    try {
      const state = await fetchLive(api, signal)
      if (!isPolling) onLink({ kind: 'polling', everyMs: intervalMs })
      isPolling = true
      onMessage(state)
    } catch (error) {
      return toMcpxError(error)
    }
    await waitFor(intervalMs)
  }
  return undefined
}

/** What can be done to a connection. Each throws what the server says. */
export function createControls(api: Pick<Api, 'action'>) {
  const path = (route: string, id: string) => route.replace(':id', encodeURIComponent(id))
  return {
    close: async (id: string) => void (await api.action(path(routes.webrtc.close, id))),
    setQuality: async (id: string, quality: Quality) =>
      void (await api.action(path(routes.webrtc.quality, id), { quality })),
  }
}
