// Notices that the server is gone: while nothing arrives it is asked over HTTP, which fails at once where a media path takes
// half a minute to be given up.
import { type Clock, every } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Api } from './api.ts'
import type { Watching } from './door.ts'

interface ServerWatchOptions extends Watching {
  readonly api: Pick<Api, 'request' | 'address'>
  readonly clock: Clock
}

const lookMs = 1000
/** Silence of so many looks in a row has the server asked; a pause is silent as well. */
const silentLooks = 2
const answerTimeoutMs = 2000
/** Questions in a row without any answer after which it counts as gone. */
const maxUnanswered = 2

/** Returns what stops it. */
export function watchServer({ api, clock, heard, onGone }: ServerWatchOptions): () => void {
  let last = heard()
  let silent = 0
  let unanswered = 0
  let isAsking = false
  let isOver = false

  async function ask(): Promise<void> {
    isAsking = true
    const failure = await silenceOf(api)
    isAsking = false
    unanswered = failure ? unanswered + 1 : 0
    if (!failure || unanswered < maxUnanswered || isOver) return
    stop()
    onGone(failure)
  }

  const timer = every(clock, lookMs, () => {
    const now = heard()
    silent = now === last ? silent + 1 : 0
    if (silent === 0) unanswered = 0
    last = now
    if (silent >= silentLooks && !isAsking) void ask()
  })

  function stop(): void {
    isOver = true
    timer.cancel()
  }
  return stop
}

/** Undefined where the server answers, whatever it says. */
export async function silenceOf(api: Pick<Api, 'request' | 'address'>): Promise<McpxError | undefined> {
  const signal = AbortSignal.timeout(answerTimeoutMs)
  try {
    const response = await api.request('/health', { signal })
    await response.body?.cancel()
    return undefined
  } catch (error) {
    const hint = { hint: 'The server has stopped, or the way to it is broken. Start it again, then run this again.' }
    if (signal.aborted) return new McpxError('SERVER_UNREACHABLE', `${api.address('/')} does not answer any more`, hint)
    if (error instanceof McpxError && error.code === 'SERVER_UNREACHABLE')
      return new McpxError('SERVER_UNREACHABLE', `${api.address('/')} is gone: ${error.message}`, hint)
    return undefined
  }
}
