// Everything that was opened is closed, in reverse order, and what fails while closing hides nothing else.

export interface Closer {
  /** Registers what to call at close; returns a function that forgets it again. */
  add(name: string, close: () => void | Promise<void>): () => void
  /** Closes in reverse order of registration. Idempotent; resolves when all are closed, with what failed. */
  close(): Promise<CloseFailure[]>
}

interface CloseFailure {
  readonly name: string
  readonly error: unknown
}

export function createCloser(): Closer {
  const entries: { name: string; close: () => void | Promise<void> }[] = []
  let closing: Promise<CloseFailure[]> | undefined

  async function closeAll(): Promise<CloseFailure[]> {
    const failures: CloseFailure[] = []
    for (let entry = entries.pop(); entry; entry = entries.pop()) {
      try {
        await entry.close()
      } catch (error) {
        failures.push({ name: entry.name, error })
      }
    }
    return failures
  }

  return {
    add(name, close) {
      const entry = { name, close }
      entries.push(entry)
      return () => {
        const at = entries.indexOf(entry)
        if (at >= 0) entries.splice(at, 1)
      }
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}
