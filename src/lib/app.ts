// The composition root: builds every part of a server, starts them in order and stops them in reverse.

import { createContentTrace } from './app/content-trace.ts'
import { disabledGroups, openMonitorConfig } from './app/monitor-config-file.ts'
import { createServerChecks } from './app/server-checks.ts'
import { foldersOf, loggerOptions } from './app/settings.ts'
import { announce, type MetricsAddress, startHttp, startWebrtcMetrics } from './app/start-doors.ts'
import { startContent, startEngine } from './app/start-streaming.ts'
import { startWatching } from './app/start-watching.ts'
import { warningsOf } from './app/warnings.ts'
import { type Clock, createSystemClock } from './base/clock.ts'
import { toMcpxError } from './base/errors.ts'
import { createPathHider } from './base/hide-paths.ts'
import { processCpuS } from './base/host.ts'
import { type Closer, createCloser } from './base/lifecycle.ts'
import { createLogger, type Logger } from './base/logger.ts'
import { createStrayLog } from './base/stray-errors.ts'
import type { ContentStore } from './content/store.ts'
import type { Engine } from './engine/engine.ts'
import type { Plugin } from './http/plugins.ts'
import { createMetrics } from './metrics/metrics.ts'
import type { CustomMetrics } from './model/custom-metrics.ts'
import type { ReadHistory } from './model/history.ts'
import { completeServeOptions, type ServeOptions } from './model/serve-options.ts'
import type { Server } from './model/server.ts'
import type { Monitor } from './monitor/monitor.ts'
import { playerPath } from './protocol/routes.ts'

export {
  type Plugin,
  type PluginPanel,
  type PluginRequest,
  type PluginRoute,
  pluginRoute,
} from './http/plugins.ts'

export type { Monitor }

export interface McpxServer extends Server {
  /** Streams: open, list, command, measure, close. */
  readonly engine: Engine
  /** Content by CID. */
  readonly store: ContentStore
  /** Connections, operations and tasks, as they happen; absent with disableWebrtcMonitor. */
  readonly monitor?: Monitor
  /** What was measured up to now, also in runs before this one; absent with disableWebrtcMonitor. */
  readonly history?: ReadHistory
  /** Metrics of your own, beside ours at --metrics-path. */
  readonly customMetrics: CustomMetrics
}

export interface ServerDeps {
  readonly clock?: Clock
  /** Lines on stderr as the options say when absent. */
  readonly logger?: Logger
  /** Ends the start; afterwards call `stop`. */
  readonly signal?: AbortSignal
  /** Routes and panels of the dashboard that the program adds. */
  readonly plugins?: readonly Plugin[]
}

/**
 * Starts a server; every option has the default that `mcpx serve --help` shows. Rejects with OPEN_BIND_REFUSED, PORT_IN_USE,
 * REPO_LOCKED, KUBO_UNREACHABLE, …; nothing is left running then.
 */
export async function createServer(options: Partial<ServeOptions> = {}, deps: ServerDeps = {}): Promise<McpxServer> {
  const closer = createCloser()
  try {
    return await start(completeServeOptions(options), deps, closer)
  } catch (error) {
    await closer.close()
    throw error
  }
}

async function start(options: ServeOptions, deps: ServerDeps, closer: Closer): Promise<McpxServer> {
  const logger = deps.logger ?? createLogger(loggerOptions(options))
  const say = createStrayLog(logger)
  const clock = deps.clock ?? createSystemClock((error) => say(error, 'a timer failed'))
  const tools = { clock, logger }
  const monitorTools = { clock, logger: deps.logger ?? createLogger({ ...loggerOptions(options), file: 'monitor' }) }
  const config = await openMonitorConfig(options.webrtcConfigPath, logger.child({ scope: 'config' }))
  const content = await startContent(options, tools, closer)
  const watchingCloser = createCloser()
  closer.add('watching', async () => void (await watchingCloser.close()))
  const bare = await startEngine(options, content, monitorTools, closer)
  const { engine, ...watched } = startWatching(options, { engine: bare, content, config }, monitorTools, watchingCloser)
  deps.signal?.throwIfAborted()
  const metrics = createMetrics({
    engine,
    clock,
    content,
    maxConnections: options.metricsMaxConnections,
    cpuS: processCpuS,
    disabledGroups: disabledGroups(config.current),
  })
  config.events.on('change', (next) => metrics.disable(disabledGroups(next)))
  closer.add('metrics', () => metrics.close())
  // Before anybody can ask for it: a page that was open when the server stopped asks at once.
  const sample = options.sample ? await addSample(engine, logger) : undefined
  const problems = () => [...content.problems(), ...(watched.history?.problems() ?? [])]
  const hidePaths = createPathHider(foldersOf(options, content.repo.path))
  let webrtcMetrics: MetricsAddress | undefined
  const runChecks = createServerChecks(options, {
    content,
    engine,
    history: watched.history,
    webrtcMetricsUrl: () => webrtcMetrics?.url,
    clock,
  })
  const traceContent = createContentTrace({ engine, clock })
  const parts = {
    engine,
    metrics,
    config,
    problems,
    hidePaths,
    runChecks,
    traceContent,
    plugins: deps.plugins ?? [],
    ...watched,
  }
  const url = await startHttp(options, parts, tools, closer)
  webrtcMetrics = await startWebrtcMetrics(options, metrics, tools, closer)
  await announce(content, url, tools, closer)
  const { monitor, history } = watched
  return {
    url,
    whep: `${url}/whep`,
    dashboard: `${url}/dashboard`,
    ...(sample && { sample, player: `${url}${playerPath(sample.cid)}` }),
    metrics: {
      ...(!options.disableMetrics && { mcp: `${url}${options.metricsPath}` }),
      ...(webrtcMetrics && { webrtc: webrtcMetrics.url }),
    },
    warnings: [...content.problems(), ...warningsOf(options, engine.info, webrtcMetrics)],
    engine,
    store: content.store,
    ...(monitor && { monitor }),
    ...(history && { history: history.read }),
    reload: () => config.reload(),
    customMetrics: metrics.custom,
    async stop() {
      for (const { name, error } of await closer.close())
        logger.warn({ part: name, error: String(error) }, 'a part did not close')
    },
  }
}

/** Undefined on a full disk: that is no reason to serve nothing at all. */
async function addSample(engine: Engine, logger: Logger): Promise<{ cid: string } | undefined> {
  try {
    return { cid: await engine.sample() }
  } catch (error) {
    if (toMcpxError(error).code !== 'DISK_FULL') throw error
    logger.error({ error: String(error) }, 'there is no space for the sample')
    return undefined
  }
}
