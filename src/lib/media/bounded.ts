// A wait that ends: by its result, by the caller's signal, or by the clock.
import type { Clock } from '../base/clock.ts'

/**
 * `work`, or the signal's reason, or `onTimeout()` after `timeoutMs`. The work itself is not stopped (demuxers cannot be);
 * its late result or failure is dropped.
 */
export function bounded<T>(
  work: Promise<T>,
  clock: Clock,
  timeoutMs: number,
  onTimeout: () => unknown,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void) => {
      timer.cancel()
      signal?.removeEventListener('abort', stop)
      run()
    }
    const stop = () => settle(() => reject(signal?.reason))
    const timer = clock.after(timeoutMs, () => settle(() => reject(onTimeout())), { keepAlive: true })
    work.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    )
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
