// Waiting with an end: a deadline on the clock besides the caller's own signal, and a bound on how many wait at once.
import type { Clock } from '../base/clock.ts'

/**
 * Runs with a signal that aborts at the deadline or with the caller's. The promise rejects at that moment, with what
 * `onTimeout` makes or the caller's reason, whether or not `run` listens.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
  onTimeout: () => Error,
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const ended = Promise.withResolvers<never>()
  const stop = (reason: unknown) => {
    ended.reject(reason)
    controller.abort(reason)
  }
  const onAbort = () => stop(signal?.reason)
  const timer = clock.after(timeoutMs, () => stop(onTimeout()), { keepAlive: true })
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([run(controller.signal), ended.promise])
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

export interface Gate {
  /** Runs when fewer than the bound are running, in the order of arrival. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export function createGate(atOnce: number): Gate {
  let running = 0
  const waiting: (() => void)[] = []

  function enter(signal?: AbortSignal): Promise<void> {
    if (running < atOnce) {
      running++
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        waiting.splice(waiting.indexOf(go), 1)
        reject(signal?.reason)
      }
      waiting.push(go)
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else running--
  }

  return {
    async run(work, signal) {
      signal?.throwIfAborted()
      await enter(signal)
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
