// What goes on in the engine, kept and told: connections, operations, tasks and events, bounded whatever the uptime.
import type { Clock, Timer } from '../base/clock.ts'
import { Events } from '../base/events.ts'
import type { Logger } from '../base/logger.ts'
import type { TaskRecord } from '../base/tasks.ts'
import type { Engine } from '../engine/engine.ts'
import type { LifecycleEvent, MonitoredConnection, MonitorSummary, OperationRecord } from '../model/monitor.ts'
import type { StreamRecord } from '../model/stream.ts'
import { Recent, RecentMap } from './bounded.ts'
import { ConnectionLog } from './connection-log.ts'
import { createOperationLog, type OperationLog } from './operation-log.ts'

/** Connections that are over and stay listed. */
const keptClosed = 1000
const keptEvents = 5000
const keptTasks = 2000
/** How long a task may run on after its connection is closed: the last words of a worker are on their way. */
const orphanAfterMs = 5000

export type MonitorEvents = {
  connection: [MonitoredConnection]
  lifecycle: [LifecycleEvent]
  operation: [OperationRecord]
  task: [TaskRecord]
}

export interface Monitor {
  readonly events: Events<MonitorEvents>
  readonly operations: OperationLog
  summary(): MonitorSummary
  /** Open ones first, then the last that are over, newest first. */
  connections(): readonly MonitoredConnection[]
  connection(id: string): MonitoredConnection | undefined
  /** Those that run and the last that have ended, oldest first. */
  tasks(): readonly TaskRecord[]
  /** The last events of all connections, oldest first. */
  lifecycle(): readonly LifecycleEvent[]
  close(): void
}

interface MonitorDeps {
  readonly engine: Pick<Engine, 'events' | 'info'>
  readonly clock: Clock
  readonly logger: Logger
}

export function createMonitor({ engine, clock, logger }: MonitorDeps): Monitor {
  const events = new Events<MonitorEvents>((error) => logger.error({ error: String(error) }, 'a listener failed'))
  const open = new Map<string, ConnectionLog>()
  const closed = new RecentMap<string, ConnectionLog>(keptClosed)
  const running = new Map<string, TaskRecord>()
  const ended = new RecentMap<string, TaskRecord>(keptTasks)
  const lifecycle = new Recent<LifecycleEvent>(keptEvents)
  const orphanChecks = new Set<Timer>()
  const operations = createOperationLog(clock, (record) => events.emit('operation', record))

  function note(event: LifecycleEvent): void {
    lifecycle.add(event)
    logger.debug({ connection: event.connectionId, ...event.details }, event.type)
    events.emit('lifecycle', event)
  }

  function onStream(record: StreamRecord): void {
    const atMs = clock.wallMs()
    const known = open.get(record.id)
    if (!known && closed.has(record.id)) return
    const log = known ?? new ConnectionLog(record, atMs, note)
    if (known) log.update(record, atMs)
    if (record.state === 'closed') {
      open.delete(record.id)
      closed.set(record.id, log)
      checkOrphans(record.id)
    } else open.set(record.id, log)
    events.emit('connection', log.read())
  }

  function onTask(task: TaskRecord): void {
    const log = task.owner === undefined ? undefined : (open.get(task.owner) ?? closed.get(task.owner))
    if (task.status === 'running') {
      running.set(task.id, task)
      log?.tasks.add(task.id)
    } else {
      running.delete(task.id)
      ended.set(task.id, task)
      log?.tasks.delete(task.id)
    }
    events.emit('task', task)
  }

  /** Closing a connection ends its tasks; one that does not is a defect, or its worker has died. */
  function checkOrphans(owner: string): void {
    const timer = clock.after(orphanAfterMs, () => {
      orphanChecks.delete(timer)
      for (const task of [...running.values()].filter((one) => one.owner === owner)) {
        logger.warn({ connection: owner, task: task.name, id: task.id }, 'a task has outlived its connection')
        const error = { code: 'INTERNAL' as const, message: 'the task has outlived its connection', hint: '' }
        onTask({ ...task, status: 'failed', endedAtMs: clock.wallMs(), error })
      }
    })
    orphanChecks.add(timer)
  }

  const unsubscribe = [
    engine.events.on('stream', onStream),
    engine.events.on('task', onTask),
    engine.events.on('snapshots', (snapshots) => {
      for (const snapshot of snapshots) open.get(snapshot.streamId)?.measure(snapshot)
    }),
  ]

  const all = () => [...open.values(), ...[...closed.values()].reverse()]

  return {
    events,
    operations,
    summary: () => ({
      startedAtMs: engine.info.startedAtMs,
      atMs: clock.wallMs(),
      connections: countStates(all().map(({ stream }) => stream)),
      operations: operations.counts(),
      pendingTasks: running.size,
      events: lifecycle.total,
    }),
    connections: () => all().map((log) => log.read()),
    connection: (id) => (open.get(id) ?? closed.get(id))?.read(),
    tasks: () => [...ended.values(), ...running.values()],
    lifecycle: () => lifecycle.list(),
    close() {
      for (const { name, id, owner } of running.values())
        logger.warn({ task: name, id, connection: owner }, 'a task was still running at the end')
      for (const off of unsubscribe) off()
      for (const timer of orphanChecks) timer.cancel()
      events.removeAll()
    },
  }
}

/** As the origin counts: connected is both ICE and connection, closed is either. */
function countStates(streams: readonly StreamRecord[]): MonitorSummary['connections'] {
  const counts = { total: streams.length, connected: 0, disconnected: 0, new: 0, connecting: 0, closed: 0, failed: 0 }
  for (const { state, peerStates } of streams) counts[stateOf(state, peerStates)]++
  return counts
}

function stateOf(
  state: StreamRecord['state'],
  { connection, ice }: StreamRecord['peerStates'],
): Exclude<keyof MonitorSummary['connections'], 'total'> {
  if (state === 'closed' || connection === 'closed' || ice === 'closed') return 'closed'
  if (connection === 'connected') return ice === 'connected' || ice === 'completed' ? 'connected' : 'connecting'
  return connection
}
