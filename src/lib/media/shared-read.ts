// One read for all who ask for the same thing at the same time. It is aborted when the last of them has left.

interface Read<T> {
  readonly result: Promise<T>
  readonly abort: AbortController
  waiters: number
}

/** Reads under way by key. */
export class SharedReads<T> {
  readonly #reads = new Map<string, Read<T>>()

  has(key: string): boolean {
    return this.#reads.has(key)
  }

  /** Joins the read of this key, or starts it. Rejects with the signal's reason as soon as it aborts; the others wait on. */
  join(key: string, read: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const shared = this.#reads.get(key) ?? this.#start(key, read)
    shared.waiters++
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        if (--shared.waiters === 0) this.#cancel(key, shared, signal.reason)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      shared.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
    })
  }

  #start(key: string, read: (signal: AbortSignal) => Promise<T>): Read<T> {
    const abort = new AbortController()
    const shared: Read<T> = { result: read(abort.signal), abort, waiters: 0 }
    this.#reads.set(key, shared)
    const forget = () => this.#forget(key, shared)
    shared.result.then(forget, forget)
    return shared
  }

  #cancel(key: string, shared: Read<T>, reason: unknown): void {
    this.#forget(key, shared)
    shared.abort.abort(reason)
  }

  #forget(key: string, shared: Read<T>): void {
    if (this.#reads.get(key) === shared) this.#reads.delete(key)
  }
}
