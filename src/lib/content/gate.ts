// A bound on how much runs at once.

interface Gate {
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
