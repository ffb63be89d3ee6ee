// What goes on is watched, kept and told: monitor, history, reports and records.
import { join, resolve } from 'node:path'
import type { Closer } from '../base/lifecycle.ts'
import type { Content } from '../content/open-store.ts'
import type { Engine } from '../engine/engine.ts'
import { createHistory, type History } from '../history/history.ts'
import type { ServeOptions } from '../model/serve-options.ts'
import { createMonitor, type Monitor } from '../monitor/monitor.ts'
import { keepRecordFiles } from '../monitor/record-files.ts'
import { recordOperations } from '../monitor/record-operations.ts'
import { type Benchmarks, createBenchmarks } from './benchmarks.ts'
import { rotateLogFiles } from './log-files.ts'
import type { MonitorConfigFile } from './monitor-config-file.ts'
import { createPeriodicReports } from './periodic-reports.ts'
import { recordHistory } from './record-history.ts'
import { createReportThread, type ReportThread } from './report-thread.ts'
import type { Tools } from './tools.ts'

interface Watched {
  /** The engine, with every operation on the record. */
  readonly engine: Engine
  /** Both absent with --disable-webrtc-monitor. */
  readonly monitor?: Monitor
  readonly history?: Pick<History, 'read' | 'readJson' | 'problems'>
  readonly benchmarks: Benchmarks
}

/** To be closed after the engine: all of it sees how everything ends. */
export function startWatching(
  options: ServeOptions,
  { engine, content, config }: { engine: Engine; content: Content; config: MonitorConfigFile },
  tools: Tools,
  closer: Closer,
): Watched {
  const thread = startReportThread(options, content, tools, closer)
  const found = options.disableWebrtcMonitor ? undefined : startMonitor(options, { engine, content }, tools, closer)
  if (found && writesReports(options)) startReports(options, { ...found, config, thread }, tools, closer)
  if (options.logDir !== undefined) keepLogs(resolve(options.logDir), found?.monitor, tools, closer)
  const recorded = found ? recordOperations(engine, found.monitor.operations) : engine
  const { clock } = tools
  const benchmarks = createBenchmarks({ engine: recorded, thread, reportFolder: reportFolderOf(options), clock })
  closer.add('benchmarks', () => benchmarks.close())
  if (!found) return { engine: recorded, benchmarks }
  return { engine: recorded, monitor: found.monitor, history: found.history, benchmarks }
}

function startMonitor(
  options: ServeOptions,
  { engine, content }: { engine: Engine; content: Content },
  tools: Tools,
  closer: Closer,
): { monitor: Monitor; history: History } {
  const { clock, logger } = tools
  const monitor = createMonitor({ engine, clock, logger: logger.child({ scope: 'monitor' }) })
  const history = startHistory(options, { content, engine, monitor }, tools, closer)
  closer.add('monitor', () => monitor.close())
  return { monitor, history }
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
export const writesReports = ({ reportPath, webrtcConfigPath }: ServeOptions): boolean =>
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
