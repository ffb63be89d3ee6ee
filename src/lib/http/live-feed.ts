// Tells every watcher what changed in the monitor, a few times a second at most, and writes each message once for all of them.
import type { Clock, Timer } from '../base/clock.ts'
import type { TaskRecord } from '../base/tasks.ts'
import type { Engine } from '../engine/engine.ts'
import type { LifecycleEvent, OperationRecord } from '../model/monitor.ts'
import type { Monitor } from '../monitor/monitor.ts'
import {
  type LiveChange,
  type LiveState,
  type LiveWorker,
  liveLimits,
  liveVersion,
  toLiveConnection,
} from '../protocol/live.ts'
import type { WorkerHealth } from '../protocol/media-plane.ts'

interface LiveFeed {
  state(): LiveState
  /** Gets everything at once and then what changes, as JSON. Returns what ends it. */
  watch(send: (text: string) => void): () => void
  close(): void
}

interface LiveFeedDeps {
  readonly engine: Pick<Engine, 'events' | 'info' | 'health'>
  readonly monitor: Monitor
  readonly clock: Clock
  readonly pollIntervalS: number
}

/** Changes of so long go into one message. */
const gatherMs = 250

export function createLiveFeed({ engine, monitor, clock, pollIntervalS }: LiveFeedDeps): LiveFeed {
  const watchers = new Set<(text: string) => void>()
  const connections = new Set<string>()
  const operations = new Map<string, OperationRecord>()
  const tasks = new Map<string, TaskRecord>()
  const workers = new Map<number, LiveWorker>()
  let events: LifecycleEvent[] = []
  let timer: Timer | undefined

  function lists() {
    return {
      atMs: clock.wallMs(),
      summary: monitor.summary(),
      connections: listed(monitor).map(toLiveConnection),
      operations: monitor.operations.list().slice(-liveLimits.operations),
      tasks: monitor.tasks().slice(-liveLimits.tasks),
      events: monitor.lifecycle().slice(-liveLimits.events),
      workers: engine.health().map(toWorker),
    }
  }

  function state(): LiveState {
    const { version, nodeId, startedAtMs } = engine.info
    return { type: 'state', version: liveVersion, server: { version, nodeId, startedAtMs, pollIntervalS }, ...lists() }
  }

  function forget(): void {
    timer?.cancel()
    timer = undefined
    for (const one of [connections, operations, tasks, workers]) one.clear()
    events = []
  }

  function tell(): void {
    const known = [...connections].map((id) => ({ id, found: monitor.connection(id) }))
    const change: LiveChange = {
      type: 'change',
      atMs: clock.wallMs(),
      summary: monitor.summary(),
      connections: known.flatMap(({ found }) => (found ? [toLiveConnection(found)] : [])),
      gone: known.flatMap(({ id, found }) => (found ? [] : [id])),
      operations: [...operations.values()].slice(-liveLimits.operations),
      tasks: [...tasks.values()].slice(-liveLimits.tasks),
      events: events.slice(-liveLimits.events),
      workers: [...workers.values()],
    }
    forget()
    const text = JSON.stringify(change)
    for (const send of watchers) send(text)
  }

  /** Nobody watches: nothing is kept and nothing is written. */
  function note(keep: () => void): void {
    if (watchers.size === 0) return
    keep()
    timer ??= clock.after(gatherMs, tell)
  }

  const unsubscribe = [
    monitor.events.on('connection', ({ stream }) => note(() => connections.add(stream.id))),
    monitor.events.on('operation', (record) => note(() => operations.set(record.id, record))),
    monitor.events.on('task', (task) => note(() => tasks.set(task.id, task))),
    monitor.events.on('lifecycle', (event) => note(() => events.push(event))),
    engine.events.on('snapshots', (snapshots) =>
      note(() => {
        for (const { streamId } of snapshots) connections.add(streamId)
      }),
    ),
    engine.events.on('health', (health) => note(() => workers.set(health.worker, toWorker(health)))),
  ]

  return {
    state,
    watch(send) {
      // What is gathered belongs to those who watched until now.
      if (timer) tell()
      send(JSON.stringify(state()))
      watchers.add(send)
      return () => {
        watchers.delete(send)
        if (watchers.size === 0) forget()
      }
    },
    close() {
      for (const off of unsubscribe) off()
      forget()
      watchers.clear()
    },
  }
}

function listed(monitor: Monitor) {
  const all = monitor.connections()
  const open = all.filter(({ stream }) => stream.state !== 'closed')
  return [...open, ...all.filter(({ stream }) => stream.state === 'closed').slice(0, liveLimits.closed)]
}

const toWorker = ({ worker, viewers, cpuS, rssBytes, loopDelayP99Ms }: WorkerHealth): LiveWorker => ({
  worker,
  viewers,
  cpuS,
  rssBytes,
  loopDelayP99Ms,
})
