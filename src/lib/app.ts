// The composition root: builds every part of a server, starts them in order and stops them in reverse.
import { rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { addSampleTo, pageFiles } from './app/assets.ts'
import { type Benchmarks, createBenchmarks } from './app/benchmarks.ts'
import { rotateLogFiles } from './app/log-files.ts'
import { disabledGroups, type MonitorConfigFile, openMonitorConfig } from './app/monitor-config-file.ts'
import { createPeriodicReports } from './app/periodic-reports.ts'
import { recordHistory } from './app/record-history.ts'
import { createReportThread, type ReportThread } from './app/report-thread.ts'
import { loggerOptions, transcodeSettings, workerSettings } from './app/settings.ts'
import { type Clock, systemClock } from './base/clock.ts'
import { processCpuS } from './base/host.ts'
import { type Closer, createCloser } from './base/lifecycle.ts'
import { createLogger, type Logger } from './base/logger.ts'
import { see } from './base/troubleshooting.ts'
import { packageVersion } from './base/version.ts'
import { type Content, openContent } from './content/open-store.ts'
import type { ContentStore } from './content/store.ts'
import { createEngine } from './engine/create-engine.ts'
import { detectEncoder } from './engine/detect-encoder.ts'
import type { Engine } from './engine/engine.ts'
import { createHistory, type History } from './history/history.ts'
import { createMetricsServer } from './http/metrics-server.ts'
import type { Plugin } from './http/plugins.ts'
import { createHttpServer } from './http/server.ts'
import { createMetrics, type EngineMetrics } from './metrics/metrics.ts'
import { isLoopback } from './model/bind.ts'
import type { CustomMetrics } from './model/custom-metrics.ts'
import type { ReadHistory } from './model/history.ts'
import { completeServeOptions, type ServeOptions } from './model/serve-options.ts'
import { formatServerFile, type Server, serverFilePath } from './model/server.ts'
import { createMonitor, type Monitor } from './monitor/monitor.ts'
import { keepRecordFiles } from './monitor/record-files.ts'
import { recordOperations } from './monitor/record-operations.ts'
import { playerPath, routes } from './protocol/routes.ts'
import { createSignallingHandler } from './ws/signalling.ts'

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

const viewerTimeoutMs = 60_000
const keptClosed = 1000
/** Below it, measuring costs more than it tells. */
const heavyPollS = 0.5
const maxWaitingPerOwner = 64

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
  const clock = deps.clock ?? systemClock
  const logger = deps.logger ?? createLogger(loggerOptions(options))
  const monitorLogger = deps.logger ?? createLogger({ ...loggerOptions(options), file: 'monitor' })
  const config = await openMonitorConfig(options.webrtcConfigPath, logger.child({ scope: 'config' }))
  const content = await startContent(options, { clock, logger }, closer)
  // Closed after the engine: they see how everything ends.
  const historyCloser = createCloser()
  closer.add('history', async () => void (await historyCloser.close()))
  const watching = { clock, logger: monitorLogger }
  let monitor: Monitor | undefined
  closer.add('monitor', () => monitor?.close())
  const bare = await startEngine(options, content, watching, closer)
  if (!options.disableWebrtcMonitor)
    monitor = createMonitor({ engine: bare, clock, logger: monitorLogger.child({ scope: 'monitor' }) })
  const engine = monitor ? recordOperations(bare, monitor.operations) : bare
  const history = monitor && startHistory(options, { content, engine: bare, monitor }, watching, historyCloser)
  const thread = startReportThread(options, content, watching, historyCloser)
  if (history && writesReports(options)) startReports(options, { history, config, thread }, watching, historyCloser)
  if (options.logDir !== undefined) keepLogs(resolve(options.logDir), monitor, watching, historyCloser)
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
  const sample = options.sample ? { cid: await engine.sample() } : undefined
  const benchmarks = createBenchmarks({ engine, thread, reportFolder: reportFolderOf(options), clock })
  closer.add('benchmarks', () => benchmarks.close())
  const url = await startHttp(
    options,
    { engine, metrics, monitor, history, config, benchmarks, plugins: deps.plugins ?? [] },
    { clock, logger },
    closer,
  )
  const webrtcMetrics = await startWebrtcMetrics(options, metrics, { clock, logger }, closer)
  await announce(content, url, clock, closer)
  return {
    url,
    whep: `${url}/whep`,
    dashboard: `${url}/dashboard`,
    ...(sample && { sample, player: `${url}${playerPath(sample.cid)}` }),
    metrics: {
      ...(!options.disableMetrics && { mcp: `${url}${options.metricsPath}` }),
      ...(webrtcMetrics && { webrtc: webrtcMetrics.url }),
    },
    warnings: warningsOf(options, engine, webrtcMetrics),
    engine,
    store: content.store,
    ...(monitor && { monitor }),
    ...(history && { history: flushedReader(history) }),
    reload: () => config.reload(),
    customMetrics: metrics.custom,
    async stop() {
      for (const { name, error } of await closer.close())
        logger.warn({ part: name, error: String(error) }, 'a part did not close')
    },
  }
}

function warningsOf(
  options: ServeOptions,
  engine: Engine,
  metrics: { port: number; requested: number } | undefined,
): string[] {
  const warnings: string[] = []
  if (metrics && metrics.requested !== 0 && metrics.port !== metrics.requested)
    warnings.push(
      `port ${metrics.requested} is taken: the WebRTC metrics are on port ${metrics.port}. ${see('metrics-do-not-appear-in-prometheus')}`,
    )
  if (options.disableWebrtcMonitor && writesReports(options))
    warnings.push(
      `without the monitor (--disable-webrtc-monitor) no reports and dashboards are written. ${see('no-reports-or-dashboards-are-written')}`,
    )
  if (options.pollInterval < heavyPollS)
    warnings.push(
      `--poll-interval ${options.pollInterval}: every stream is measured ${Math.round(1 / options.pollInterval)} times a second. ${see('the-server-uses-much-cpu')}`,
    )
  if (engine.info.encoder === 'none')
    warnings.push(
      'there is no encoder: only content that viewers can decode as it is plays (install node-av or ffmpeg)',
    )
  if (options.insecure && options.authToken === undefined && !isLoopback(options.host))
    warnings.push(`everybody who reaches ${options.host} can use this server: there is no token`)
  return warnings
}

interface Parts {
  readonly engine: Engine
  readonly metrics: EngineMetrics
  readonly monitor: Monitor | undefined
  readonly history: History | undefined
  readonly config: MonitorConfigFile
  readonly benchmarks: Benchmarks
  readonly plugins: readonly Plugin[]
}

/** Who asks wants the last second too. */
const flushedReader =
  (history: History): History['read'] =>
  async (table, range) => {
    await history.flush()
    return history.read(table, range)
  }

type Tools = { readonly clock: Clock; readonly logger: Logger }

async function startContent(options: ServeOptions, tools: Tools, closer: Closer): Promise<Content> {
  const { ipfsApi, parquetCachePath, nodeId } = options
  const content = await openContent(
    {
      repoPath: resolve(options.persistencePath ?? join(homedir(), '.mcpx')),
      isolation: options.isolation,
      gateways: options.gateway,
      offline: options.offline,
      fetchTimeoutMs: options.fetchTimeout * 1000,
      memoryCacheBytes: options.memoryCacheSize,
      diskCacheBytes: options.diskCacheSize,
      ...(ipfsApi !== undefined && { ipfsApi }),
      ...(parquetCachePath !== undefined && { parquetPath: resolve(parquetCachePath) }),
      ...(nodeId !== undefined && { nodeId }),
    },
    tools,
  )
  closer.add('content', () => content.close())
  return content
}

async function startEngine(options: ServeOptions, content: Content, tools: Tools, closer: Closer): Promise<Engine> {
  const encoder = await detectEncoder()
  const workers = workerSettings(options, content.blocksPath, encoder)
  const engine = await createEngine(
    {
      info: {
        nodeId: content.repo.nodeId,
        version: packageVersion(),
        startedAtMs: tools.clock.wallMs(),
        encoder,
        mediaWorkers: workers.length,
        iceServers: workers[0]!.peer.iceServers,
      },
      workers,
      ...(encoder !== 'none' && { transcode: transcodeSettings(content.blocksPath, encoder) }),
      maxStreams: options.maxStreams,
      maxWaitingPerOwner,
      addSample: () =>
        addSampleTo(sampleStores(content), (error) =>
          tools.logger.warn({ error: String(error) }, 'the daemon did not take the sample'),
        ),
      openTimeoutMs: options.fetchTimeout * 1000,
      viewerTimeoutMs,
      keptClosed,
    },
    { store: content.store, metadata: content.metadata, ...tools },
  )
  closer.add('engine', () => engine.stop())
  return engine
}

function startHistory(
  { historyDays, historySize }: ServeOptions,
  { content, engine, monitor }: { content: Content; engine: Engine; monitor: Monitor },
  { clock, logger }: Tools,
  closer: Closer,
): History {
  const folder = historyFolderOf(content)
  const retention = { maxAgeDays: historyDays, maxBytes: historySize }
  const history = createHistory({ folder, retention, clock, logger: logger.child({ scope: 'history' }) })
  closer.add('history', () => history.close())
  closer.add('recording', recordHistory({ engine, monitor, clock }, history))
  return history
}

const reportFolderOf = ({ reportPath }: ServeOptions): string => resolve(reportPath ?? './webrtc_reports')

function startReportThread(options: ServeOptions, content: Content, { logger }: Tools, closer: Closer): ReportThread {
  const folders = { reportFolder: reportFolderOf(options), historyFolder: historyFolderOf(content) }
  const thread = createReportThread(folders, logger.child({ scope: 'reports', folder: folders.reportFolder }))
  closer.add('report thread', () => thread.stop())
  return thread
}

/** Nobody who asked for neither gets files in the folder where the server was started. */
const writesReports = ({ reportPath, webrtcConfigPath }: ServeOptions): boolean =>
  reportPath !== undefined || webrtcConfigPath !== undefined

function startReports(
  options: ServeOptions,
  { history, config, thread }: { history: History; config: MonitorConfigFile; thread: ReportThread },
  { clock, logger }: Tools,
  closer: Closer,
): void {
  const reports = createPeriodicReports({
    thread,
    flush: () => history.flush(),
    pollIntervalS: options.pollInterval,
    dashboardIntervalS: options.visualizationInterval,
    clock,
    logger: logger.child({ scope: 'reports', folder: reportFolderOf(options) }),
  })
  closer.add('reports', () => reports.close())
  reports.configure(config.current)
  config.events.on('change', (next) => reports.configure(next))
}

/** Records of what is over; and the files of lines are turned over. */
function keepLogs(folder: string, monitor: Monitor | undefined, tools: Tools, closer: Closer): void {
  closer.add('log files', rotateLogFiles(folder, tools))
  if (!monitor) return
  const records = keepRecordFiles({ monitor, folder, ...tools })
  closer.add('record files', () => records.close())
}

const historyFolderOf = ({ repo }: Content): string => join(repo.path, 'history')

const sampleStores = ({ store, addHere }: Content) =>
  store.kind === 'kubo' ? ([{ add: addHere }, store] as const) : ([store] as const)

async function startHttp(
  options: ServeOptions,
  { engine, metrics, monitor, history, config, benchmarks, plugins }: Parts,
  tools: Tools,
  closer: Closer,
): Promise<string> {
  const { version } = engine.info
  const { metricsPath, disableMetrics } = options
  const extra = disableMetrics
    ? []
    : [{ path: metricsPath, role: 'operator' as const, unlimited: true, answer: () => metrics.mcp() }]
  const http = await createHttpServer({
    engine,
    ...(monitor && { monitor }),
    monitorConfig: () => config.current,
    ...(history && { readHistory: flushedReader(history) }),
    runBenchmark: benchmarks.run,
    options,
    ...tools,
    version,
    pages: pageFiles,
    extra,
    plugins,
    onAnswer: (answer) => metrics.answered(answer),
    onSession: (controller, change) => metrics.session(controller, change),
    ...(!disableMetrics && { metricsPath }),
  })
  closer.add('http', () => http.close())
  const onSocket = createSignallingHandler({ engine, ...tools, version })
  for (const path of routes.signalling) http.onSocket(path, onSocket)
  return (await http.listen()).url
}

/** The port of the WebRTC metrics, or undefined when they are off. A taken port is a warning: 9090 is Prometheus's own. */
async function startWebrtcMetrics(
  options: ServeOptions,
  metrics: EngineMetrics,
  tools: Tools,
  closer: Closer,
): Promise<{ url: string; port: number; requested: number } | undefined> {
  if (options.disableWebrtcMetrics) return undefined
  const port = options.webrtcMetricsPort
  const server = await createMetricsServer({ options: { ...options, port }, ...tools, answer: () => metrics.webrtc() })
  closer.add('webrtc metrics', () => server.close())
  return server.listen()
}

/** Leaves the address in the repo, where commands on this machine look for a running server. */
async function announce({ repo }: Content, url: string, clock: Clock, closer: Closer): Promise<void> {
  const file = serverFilePath(repo.path)
  await writeFile(file, formatServerFile({ pid: process.pid, url, startedAt: clock.wallMs() }), { mode: 0o600 })
  closer.add('server file', () => rm(file, { force: true }))
}
