// Background work with a name, an owner and an end: nothing runs on unseen when its owner is gone.
import { type Clock, systemClock } from './clock.ts'
import { type ErrorRecord, McpxError, toErrorRecord } from './errors.ts'
import { Events } from './events.ts'

export interface TaskRecord {
  readonly id: string
  readonly name: string
  /** The stream it runs for; absent for work of the server itself. */
  readonly owner?: string
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled'
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  readonly endedAtMs?: number
  readonly error?: ErrorRecord
}

export interface Task {
  /** Aborts when the task is cancelled. */
  readonly signal: AbortSignal
  /** With an error it has failed. Idempotent. */
  end(error?: unknown): void
}

export interface TaskTracker {
  /** `task`: a task began or ended. */
  readonly events: Events<{ task: [TaskRecord] }>
  begin(name: string, owner?: string): Task
  /** Tracks `work` from its beginning to its end; `signal` ends it as well. */
  run<T>(
    name: string,
    work: (signal: AbortSignal) => Promise<T>,
    options?: { readonly owner?: string; readonly signal?: AbortSignal },
  ): Promise<T>
  running(): readonly TaskRecord[]
  /** Cancels what still runs for this owner. */
  cancelOwner(owner: string): void
  /** Cancels everything; what begins after it is cancelled at once. */
  close(): void
}

interface Running {
  readonly record: TaskRecord
  readonly controller: AbortController
}

/** `prefix` keeps the ids of several trackers apart. */
export function createTaskTracker({
  clock = systemClock,
  prefix = 'task',
}: {
  clock?: Clock
  prefix?: string
} = {}): TaskTracker {
  const events = new Events<{ task: [TaskRecord] }>()
  const running = new Map<string, Running>()
  let nextId = 1
  let isClosed = false

  function finish(id: string, status: 'completed' | 'failed' | 'cancelled', error?: unknown): void {
    const task = running.get(id)
    if (!task) return
    running.delete(id)
    const failure = error === undefined ? {} : { error: toErrorRecord(error) }
    events.emit('task', { ...task.record, status, endedAtMs: clock.wallMs(), ...failure })
  }

  function cancel(id: string): void {
    const task = running.get(id)
    finish(id, 'cancelled')
    task?.controller.abort(new McpxError('INTERRUPTED', `${task.record.name} was cancelled`))
  }

  function begin(name: string, owner?: string): Task {
    const id = `${prefix}-${nextId++}`
    const controller = new AbortController()
    const about = { id, name, ...(owner !== undefined && { owner }) }
    const record: TaskRecord = { ...about, status: 'running', createdAtMs: clock.wallMs() }
    running.set(id, { record, controller })
    events.emit('task', record)
    if (isClosed) cancel(id)
    return {
      signal: controller.signal,
      end: (error) => finish(id, error === undefined ? 'completed' : 'failed', error),
    }
  }

  return {
    events,
    begin,
    async run(name, work, { owner, signal } = {}) {
      const task = begin(name, owner)
      try {
        const result = await work(signal ? AbortSignal.any([signal, task.signal]) : task.signal)
        task.end()
        return result
      } catch (error) {
        task.end(error)
        throw error
      }
    },
    running: () => [...running.values()].map(({ record }) => record),
    cancelOwner(owner) {
      for (const [id, { record }] of running) if (record.owner === owner) cancel(id)
    },
    close() {
      isClosed = true
      for (const id of [...running.keys()]) cancel(id)
    },
  }
}
