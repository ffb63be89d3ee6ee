// Where a server is reached: HTTP with its WebSockets, the metrics on a port of their own, the file that names the address.
import { rm, writeFile } from 'node:fs/promises'
import { every } from '../base/clock.ts'
import { toMcpxError } from '../base/errors.ts'
import type { HidePaths } from '../base/hide-paths.ts'
import type { Closer } from '../base/lifecycle.ts'
import type { Content } from '../content/open-store.ts'
import type { Engine } from '../engine/engine.ts'
import type { History } from '../history/history.ts'
import { createMetricsServer } from '../http/metrics-server.ts'
import type { Plugin } from '../http/plugins.ts'
import { createHttpServer } from '../http/server.ts'
import type { EngineMetrics } from '../metrics/metrics.ts'
import type { RunServerChecks } from '../model/check.ts'
import type { ServeOptions } from '../model/serve-options.ts'
import { formatServerFile, serverFilePath } from '../model/server.ts'
import type { Monitor } from '../monitor/monitor.ts'
import { routes } from '../protocol/routes.ts'
import type { TraceContent } from '../protocol/waterfall.ts'
import { createSignallingHandler } from '../ws/signalling.ts'
import { pageFiles } from './assets.ts'
import type { Benchmarks } from './benchmarks.ts'
import type { MonitorConfigFile } from './monitor-config-file.ts'
import type { Tools } from './tools.ts'

interface Parts {
  readonly engine: Engine
  readonly metrics: EngineMetrics
  readonly monitor?: Monitor
  readonly history?: Pick<History, 'readJson'>
  readonly problems: () => readonly string[]
  readonly hidePaths: HidePaths
  readonly config: MonitorConfigFile
  readonly benchmarks: Benchmarks
  readonly runChecks: RunServerChecks
  readonly traceContent: TraceContent
  readonly plugins: readonly Plugin[]
}

/** Resolves with the address. Throws OPEN_BIND_REFUSED, PORT_IN_USE, …. */
export async function startHttp(
  options: ServeOptions,
  {
    engine,
    metrics,
    monitor,
    history,
    problems,
    hidePaths,
    config,
    benchmarks,
    runChecks,
    traceContent,
    plugins,
  }: Parts,
  tools: Tools,
  closer: Closer,
): Promise<string> {
  const { version } = engine.info
  const { metricsPath, disableMetrics } = options
  const extra = disableMetrics
    ? []
    : [{ path: metricsPath, role: 'operator' as const, unlimited: true, answer: () => metrics.mcp() }]
  const handler = createSignallingHandler({ engine, ...tools, version })
  const signalling = { controller: 'signalling', role: 'viewer', checksContent: true, handler } as const
  const http = await createHttpServer({
    engine,
    ...(monitor && { monitor }),
    monitorConfig: () => config.current,
    ...(history && { readHistory: history.readJson }),
    runBenchmark: benchmarks.run,
    runChecks,
    traceContent,
    problems,
    hidePaths,
    options,
    ...tools,
    version,
    pages: pageFiles,
    extra,
    sockets: routes.signalling.map((path) => ({ path, ...signalling })),
    plugins,
    onAnswer: (answer) => metrics.answered(answer),
    onSession: (controller, change) => metrics.session(controller, change),
    ...(!disableMetrics && { metricsPath }),
  })
  closer.add('http', () => http.close())
  return (await http.listen()).url
}

export interface MetricsAddress {
  readonly url: string
  readonly port: number
  /** As the options had it; 0 for any. */
  readonly requested: number
}

/** The port of the WebRTC metrics, or undefined when they are off. A taken port is a warning: 9090 is Prometheus's own. */
export async function startWebrtcMetrics(
  options: ServeOptions,
  metrics: EngineMetrics,
  tools: Tools,
  closer: Closer,
): Promise<MetricsAddress | undefined> {
  if (options.disableWebrtcMetrics) return undefined
  const port = options.webrtcMetricsPort
  const server = await createMetricsServer({ options: { ...options, port }, ...tools, answer: () => metrics.webrtc() })
  closer.add('webrtc metrics', () => server.close())
  return server.listen()
}

const announceAgainMs = 10_000

/** Leaves the address in the repo, where commands on this machine look for a running server; on a full disk as soon as there is space. */
export async function announce(
  { repo }: Content,
  url: string,
  { clock, logger }: Tools,
  closer: Closer,
): Promise<void> {
  const file = serverFilePath(repo.path)
  const text = formatServerFile({ pid: process.pid, url, startedAt: clock.wallMs() })
  if (await hasWritten(file, text)) {
    closer.add('server file', () => rm(file, { force: true }))
    return
  }
  logger.warn(
    { file },
    'the disk is full: until there is space, commands on this machine find this server only with --server',
  )
  let writing: Promise<unknown> = Promise.resolve()
  const tryAgain = async () => {
    try {
      if (await hasWritten(file, text)) again.cancel()
    } catch (error) {
      again.cancel()
      logger.warn({ file, err: error }, 'the address of this server cannot be kept')
    }
  }
  const again = every(clock, announceAgainMs, () => {
    writing = tryAgain()
  })
  closer.add('server file', async () => {
    again.cancel()
    await writing
    await rm(file, { force: true })
  })
}

/** False when there is no space for it. */
async function hasWritten(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { mode: 0o600 })
    return true
  } catch (error) {
    if (toMcpxError(error).code !== 'DISK_FULL') throw error
    return false
  }
}
