// Groups of headless viewers in threads of this process, or in processes of their own.
import { McpxError } from '../base/errors.ts'
import { linkProcess } from '../base/process-link.ts'
import type { RpcPeer } from '../base/rpc.ts'
import { spawnProcess } from '../base/spawn-process.ts'
import { spawnWorker } from '../base/spawn-worker.ts'
import { linkWorker } from '../base/worker-link.ts'
import type { GroupEvents, ViewerGroup } from './group.ts'
import { type LoadWorkerEvents, type LoadWorkerMethods, type LoadWorkerSettings, viewersOf } from './load-plane.ts'

const stopGraceMs = 2000

type Calls = Pick<RpcPeer<LoadWorkerMethods, Record<string, never>>, 'call'>

export function threadGroup(settings: LoadWorkerSettings, events: GroupEvents): ViewerGroup {
  const worker = spawnWorker('./load-worker', import.meta.url, undefined)
  const link = linkWorker<Record<string, never>, LoadWorkerMethods, LoadWorkerEvents>(
    worker,
    {},
    tellTo(events),
    () => {},
  )
  return groupOf(settings, link.rpc, () => link.stop(stopGraceMs))
}

export function processGroup(settings: LoadWorkerSettings, events: GroupEvents): ViewerGroup {
  const child = spawnProcess('./load-process', import.meta.url, { settings: {} })
  const link = linkProcess<Record<string, never>, LoadWorkerMethods, LoadWorkerEvents>(child, {
    handlers: {},
    onEvent: tellTo(events),
    onLine: (line) => events.onStray(line),
    onDeath: ({ how }) => new McpxError('INTERNAL', `a process of viewers ended with ${how}`),
  })
  return groupOf(settings, link.rpc, () => link.stop(stopGraceMs))
}

const tellTo =
  ({ onStep, onSession, onStray }: GroupEvents) =>
  <K extends keyof LoadWorkerEvents & string>(event: K, payload: LoadWorkerEvents[K]): void => {
    if (event === 'step') onStep(payload as LoadWorkerEvents['step'])
    if (event === 'session') onSession(payload as LoadWorkerEvents['session'])
    if (event === 'stray') onStray((payload as LoadWorkerEvents['stray']).message)
  }

const groupOf = (settings: LoadWorkerSettings, rpc: Calls, stop: () => Promise<void>): ViewerGroup => ({
  kind: 'mcpx',
  viewers: viewersOf(settings.share),
  prepare: () => rpc.call('prepare', settings),
  run: () => rpc.call('run', undefined),
  cut: (by) => void rpc.call('cut', by).catch(() => {}),
  stop,
})
