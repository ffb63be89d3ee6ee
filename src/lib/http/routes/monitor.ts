// What the monitor knows, in the words of the origin's two sets of routes: /api/v0/webrtc (times as ISO 8601, because its pages
// subtract them) and /webrtc/monitor (seconds since the epoch, as its own clients read them).
import type { TaskRecord } from '../../base/tasks.ts'
import type { OperationRecord } from '../../model/monitor.ts'
import { shownStats } from '../../model/shown-stats.ts'
import { iso, operationItem, seconds, statsItem, type TimeText } from '../../monitor/items.ts'
import { routes } from '../../protocol/routes.ts'
import type { App, RouteContext } from '../context.ts'
import { toConnectionItem } from './connection-item.ts'

const taskItem = (task: TaskRecord) => ({
  task_id: task.id,
  name: task.name,
  connection_id: task.owner ?? 'N/A',
  created_at: iso(task.createdAtMs),
  completed: task.status !== 'running',
  completed_at: iso(task.endedAtMs),
  status: task.status,
  error: task.error?.message ?? null,
})

export function monitorRoutes(app: App, { monitor, engine, options, clock }: RouteContext): void {
  if (!monitor) return
  const tags = ['monitor']
  const config = { role: 'operator' as const }
  const { webrtc, monitor: paths } = routes
  const schema = (summary: string) => ({ config, schema: { tags, summary } })
  const now = () => new Date(clock.wallMs()).toISOString()
  const nowS = () => seconds(clock.wallMs())

  const summary = (time: TimeText) => {
    const { startedAtMs, atMs, connections, operations, pendingTasks, events } = monitor.summary()
    return {
      uptime_seconds: seconds(atMs - startedAtMs),
      connection_states: connections,
      operation_stats: operations,
      pending_tasks: pendingTasks,
      event_count: events,
      timestamp: time(atMs),
      debug_mode: options.debug,
      logging_enabled: true,
    }
  }

  app.get(webrtc.summary, schema('Connections, operations and tasks in numbers'), async () => ({
    success: true,
    summary: summary(iso),
    backend: engine.store.kind,
    timestamp: now(),
  }))

  app.get(webrtc.operations, schema('The last operations, newest first'), async () => {
    const operations = monitor.operations.list().map(operationItem).reverse()
    return { operations, count: operations.length, timestamp: now() }
  })

  app.get(webrtc.tasks, schema('Background tasks, newest first'), async () => {
    const tasks = monitor.tasks().map(taskItem).reverse()
    return { tasks, count: tasks.length, timestamp: now() }
  })

  app.get<{ Params: { id: string } }>(
    webrtc.connection,
    schema('One connection with all that is known'),
    async (request) => {
      const found = monitor.connection(request.params.id)
      if (!found) return { success: false, error: 'Connection information not available' }
      return {
        success: true,
        connection: {
          ...toConnectionItem(found.stream),
          ...statsItem(found, iso),
          stats: found.snapshot ? shownStats(found.snapshot) : null,
        },
      }
    },
  )

  app.get(paths.summary, schema('The same, with times in seconds'), async () => summary(seconds))

  app.get(paths.connections, schema('Connections by id, with their events, errors and tasks'), async () => {
    const connections = monitor.connections().map((one) => [one.stream.id, statsItem(one, seconds)] as const)
    return { connections: Object.fromEntries(connections), count: connections.length, timestamp: nowS() }
  })

  app.get<{ Params: { id: string } }>(paths.connection, schema('One of them'), async (request) => {
    const found = monitor.connection(request.params.id)
    return found
      ? { connection: statsItem(found, seconds), timestamp: nowS() }
      : { error: 'Connection not found', timestamp: nowS() }
  })

  app.get(paths.operations, schema('Operations that go on, by id'), async () => {
    const started = monitor.operations.list().filter(({ status }) => status === 'started')
    const operations = started.map((one) => [one.id, originOperation(one)] as const)
    return { operations: Object.fromEntries(operations), count: operations.length, timestamp: nowS() }
  })

  app.get(paths.tasks, schema('Ids of tasks that run, by connection'), async () => {
    const running = monitor.tasks().filter(({ status, owner }) => status === 'running' && owner !== undefined)
    const byOwner = Object.groupBy(running, ({ owner }) => owner!)
    const tasks = Object.entries(byOwner).map(([owner, some]) => [owner, some!.map(({ id }) => id)] as const)
    return { tasks: Object.fromEntries(tasks), count: running.length, timestamp: nowS() }
  })

  if (options.webrtcTest) testRoutes(app, { engine, nowS })
}

/** The origin's Op. */
const originOperation = (record: OperationRecord) => ({
  operation_id: record.id,
  operation_type: record.type,
  start_time: seconds(record.startedAtMs),
  details: { connection_id: record.connectionId ?? null, args: [], kwargs: record.details },
  status: record.status,
  end_time: record.endedAtMs === undefined ? null : seconds(record.endedAtMs),
  duration: record.endedAtMs === undefined ? null : seconds(record.endedAtMs - record.startedAtMs),
  result: record.error?.message ?? null,
})

/** /webrtc/test with --webrtc-test: honest status codes, as the origin had them here. */
function testRoutes(app: App, { engine, nowS }: Pick<RouteContext, 'engine'> & { nowS: () => number }): void {
  const config = { role: 'operator' as const }
  const { monitor: paths } = routes
  const schema = (summary: string) => ({ config, schema: { tags: ['monitor'], summary } })
  app.get(paths.test, schema('Says that the test routes are on'), async () => ({
    success: true,
    message: 'WebRTC test routes are on',
    timestamp: nowS(),
  }))
  app.post<{ Params: { id: string } }>(paths.testClose, schema('Close a connection'), async (request) => {
    const { id } = request.params
    await engine.close(id)
    return { success: true, connection_id: id, timestamp: nowS() }
  })
  app.post(paths.testCloseAll, schema('Close all connections'), async () => ({
    success: true,
    connections_closed: await engine.closeAll(),
    timestamp: nowS(),
  }))
}
