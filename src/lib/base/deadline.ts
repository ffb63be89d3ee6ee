// Waiting with an end: a deadline on the clock besides the caller's own signal.
import type { Clock } from './clock.ts'

/**
 * Runs with a signal that aborts at the deadline or with the caller's. The promise rejects at that moment, with what
 * `onTimeout` makes or the caller's reason, whether or not `run` listens (a demuxer cannot); what it gives later is dropped.
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

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
