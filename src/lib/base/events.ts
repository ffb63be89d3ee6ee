// A typed emitter whose listeners cannot hurt the emitter: what one throws goes to `onListenerError`.

type EventMap = { [name: string]: unknown[] }

export class Events<M extends EventMap> {
  /** Lists are never changed but replaced: who is told goes through the one that was there. */
  readonly #listeners = new Map<keyof M, readonly ((...args: never[]) => void)[]>()
  readonly #onListenerError: (error: unknown) => void

  constructor(onListenerError: (error: unknown) => void = () => {}) {
    this.#onListenerError = onListenerError
  }

  /** Adds a listener and returns what removes it. */
  on<K extends keyof M>(name: K, listener: (...args: M[K]) => void): () => void {
    const added = listener as unknown as (...args: never[]) => void
    const others = () => (this.#listeners.get(name) ?? []).filter((other) => other !== added)
    this.#listeners.set(name, [...others(), added])
    return () => this.#listeners.set(name, others())
  }

  emit<K extends keyof M>(name: K, ...args: M[K]): void {
    const listeners = this.#listeners.get(name)
    if (!listeners) return
    for (const listener of listeners) {
      try {
        ;(listener as unknown as (...args: M[K]) => void)(...args)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }

  /** Resolves with the arguments of the next event of this name; rejects when the signal aborts first. */
  next<K extends keyof M>(name: K, signal?: AbortSignal): Promise<M[K]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = () => {
        off()
        reject(signal?.reason)
      }
      const off = this.on(name, (...args) => {
        off()
        signal?.removeEventListener('abort', stop)
        resolve(args)
      })
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  removeAll(): void {
    this.#listeners.clear()
  }
}
