// Time as an argument: every part that waits or measures takes a Clock, so that tests decide what time it is.

/** A pending timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds on a monotonic scale with sub-millisecond resolution. */
  now(): number
  /** Milliseconds since the Unix epoch, for what people and other machines read. */
  wallMs(): number
  /** Calls `run` once after at least `delayMs`. The timer does not keep the process alive unless `keepAlive`. */
  after(delayMs: number, run: () => void, options?: { keepAlive?: boolean }): Timer
}

/** The system's time. What a timer throws goes to `onError`, so that no timer ends a process that serves others. */
export function createSystemClock(onError: (error: unknown) => void): Clock {
  return {
    now: () => performance.now(),
    wallMs: () => Date.now(),
    after(delayMs, run, options = {}) {
      const handle = setTimeout(() => {
        try {
          run()
        } catch (error) {
          onError(error)
        }
      }, delayMs)
      if (!options.keepAlive) handle.unref()
      return { cancel: () => clearTimeout(handle) }
    },
  }
}

/** For a command that does one thing: what a timer throws ends it. */
export const systemClock: Clock = createSystemClock((error) => {
  throw error
})

/** Calls `run` every `periodMs` until cancelled; a run that throws does not stop the next one. */
export function every(clock: Clock, periodMs: number, run: () => void): Timer {
  let timer: Timer
  const arm = () => {
    timer = clock.after(periodMs, () => {
      arm()
      run()
    })
  }
  arm()
  return { cancel: () => timer.cancel() }
}

/** Resolves after `delayMs`, or rejects with the signal's reason. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.after(
      delayMs,
      () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      },
      { keepAlive: true },
    )
    signal?.addEventListener('abort', stop, { once: true })
  })
}
