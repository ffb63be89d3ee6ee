// One run for many who ask for the same thing at the same time.

interface SharedWork<T> {
  /**
   * Starts `work` for the key, or joins the run that is under way. The signal takes one asker out; the run itself is
   * aborted when nobody waits any more.
   */
  run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Whether a run for the key is under way. */
  has(key: string): boolean
}

interface Run<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiting: number
}

export function createSharedWork<T>(): SharedWork<T> {
  const runs = new Map<string, Run<T>>()

  function start(key: string, work: (signal: AbortSignal) => Promise<T>): Run<T> {
    const controller = new AbortController()
    const result = work(controller.signal).finally(() => {
      if (runs.get(key) === run) runs.delete(key)
    })
    const run: Run<T> = { result, controller, waiting: 0 }
    result.catch(() => {})
    runs.set(key, run)
    return run
  }

  function leave(key: string, run: Run<T>, reason: unknown): void {
    run.waiting--
    if (run.waiting > 0) return
    if (runs.get(key) === run) runs.delete(key)
    run.controller.abort(reason)
  }

  return {
    run(key, work, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      const run = runs.get(key) ?? start(key, work)
      run.waiting++
      if (!signal) return run.result
      return new Promise<T>((resolve, reject) => {
        const stop = () => {
          leave(key, run, signal.reason)
          reject(signal.reason)
        }
        signal.addEventListener('abort', stop, { once: true })
        run.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
      })
    },
    has: (key) => runs.has(key),
  }
}
