// Long work in turns with everything else on the thread: what is read from memory goes on in microtasks alone, and neither
// timers nor sockets get in between.

/** How long work may go on before the others get their turn. */
const sliceMs = 10

/** The thread's own clock and loop; arguments for tests. */
export interface Turns {
  now(): number
  /** Calls back after timers and sockets had their turn. */
  next(run: () => void): void
}

const threadTurns: Turns = { now: () => performance.now(), next: (run) => void setImmediate(run) }

export interface TimeSlice {
  /** Undefined while there is time left; else resolves when this work may go on. One waiter goes on in each turn. */
  turn(): Promise<void> | undefined
}

export function createTimeSlice({ now, next }: Turns = threadTurns): TimeSlice {
  const waiting: (() => void)[] = []
  let startedMs = now()

  function resume(): void {
    startedMs = now()
    waiting.shift()?.()
    if (waiting.length > 0) next(resume)
  }

  return {
    turn() {
      if (waiting.length === 0 && now() - startedMs < sliceMs) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      if (waiting.length === 1) next(resume)
      return promise
    },
  }
}

/** The slices of this thread: all of its long work takes turns. */
export const threadSlice = createTimeSlice()
