// Where the page gets what it shows: everything by one GET, then a WebSocket that tells what changes; polling while there is none.
import { applyLive, type LiveMessage, type LiveState } from '../../lib/protocol/live.ts'
import { isOfOtherVersion, parseLive, parseState } from '../../lib/protocol/live-message.ts'
import { routes } from '../../lib/protocol/routes.ts'
import { readAnswerError } from '../shared/answer.ts'

export type FeedStatus =
  | { readonly kind: 'connecting' }
  /** Told over the WebSocket. */
  | { readonly kind: 'live' }
  /** Asked again and again: the WebSocket does not get through. */
  | { readonly kind: 'polling' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'token' }
  | { readonly kind: 'refused'; readonly message: string }

interface FeedListener {
  onStatus(status: FeedStatus): void
  onState(state: LiveState): void
}

interface FeedOptions {
  readonly base: string
  /** Asked before each wait, so that a change counts at once. */
  pollMs(): number
}

const openMs = 5_000
const answerMs = 15_000
/** A socket that ended sooner counts as one that does not work. */
const provenMs = 5_000
const socketRetryMs = 30_000
const goneRetryMs = 2_000
/** A server says something at each poll of its own. */
const silentMs = 15_000

/** Runs until the returned function is called, or the server refuses. */
export function openFeed({ base, pollMs }: FeedOptions, { onStatus, onState }: FeedListener): () => void {
  const ending = new AbortController()
  const { signal } = ending
  let state: LiveState | undefined
  let nextSocketMs = 0

  function take(message: LiveMessage): void {
    if (signal.aborted) return
    state = applyLive(state, message)
    if (state) onState(state)
  }

  /** Undefined when there is a state, else why there is none. */
  async function load(): Promise<FeedStatus | undefined> {
    const answer = await ask(base + routes.webrtc.live, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    })
    if (!answer) return { kind: 'gone' }
    if (answer.status === 401) return { kind: 'token' }
    if (answer.status === 429 || answer.status >= 500) return { kind: 'gone' }
    if (!answer.ok) return { kind: 'refused', message: refusal(answer.status, await answer.text()) }
    const text = await answer.text().catch(() => '')
    const message = parseState(text)
    if (message) take(message)
    else if (isOfOtherVersion(text))
      return { kind: 'refused', message: 'The server has been updated: reload this page.' }
    return message ? undefined : { kind: 'gone' }
  }

  /** Resolves when the socket is over, with whether it worked. */
  async function watch(): Promise<boolean> {
    const answer = await ask(base + routes.ticket, { method: 'POST', signal })
    const { ticket } = ((await answer?.json().catch(() => undefined)) ?? {}) as { ticket?: unknown }
    if (typeof ticket !== 'string' || signal.aborted) return false
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const url = `${scheme}//${location.host}${base}${routes.webrtc.live}?ticket=${encodeURIComponent(ticket)}`
    return new Promise((resolve) => {
      const socket = new WebSocket(url)
      let liveSinceMs: number | undefined
      let timer = setTimeout(() => socket.close(), openMs)
      const end = () => socket.close()
      signal.addEventListener('abort', end)
      socket.onmessage = ({ data }) => {
        clearTimeout(timer)
        timer = setTimeout(end, Math.max(silentMs, 4_000 * (state?.server.pollIntervalS ?? 0)))
        const message = typeof data === 'string' ? parseLive(data) : undefined
        if (!message) return end()
        take(message)
        if (liveSinceMs === undefined && !signal.aborted) onStatus({ kind: 'live' })
        liveSinceMs ??= performance.now()
      }
      socket.onclose = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve(liveSinceMs !== undefined && performance.now() - liveSinceMs > provenMs)
      }
    })
  }

  async function run(): Promise<void> {
    onStatus({ kind: 'connecting' })
    while (!signal.aborted) {
      const problem = await load()
      if (signal.aborted) return
      if (problem) {
        onStatus(problem)
        if (problem.kind !== 'gone') return
        // The socket ended with the server, and may well work with the one that comes back.
        nextSocketMs = 0
        await pause(goneRetryMs, signal)
        continue
      }
      if (performance.now() >= nextSocketMs) {
        if (await watch()) continue
        nextSocketMs = performance.now() + socketRetryMs
      }
      if (signal.aborted) return
      onStatus({ kind: 'polling' })
      await pause(pollMs(), signal)
    }
  }
  void run()
  return () => ending.abort()
}

const ask = (url: string, init: RequestInit): Promise<Response | undefined> => fetch(url, init).catch(() => undefined)

function refusal(status: number, body: string): string {
  if (status === 404)
    return 'The monitor of this server is off (--disable-webrtc-monitor): there is nothing to show. See docs/troubleshooting.md#the-dashboard-says-that-the-monitor-is-off'
  if (status === 403) return 'This token may only watch: the dashboard needs one with the role operator.'
  return readAnswerError(body).message ?? `The server answered ${status}.`
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
