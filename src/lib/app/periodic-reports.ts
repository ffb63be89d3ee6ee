// When reports and dashboards are written: each at its interval, in a thread of its own, as the configuration says now.
import { type Clock, every, type Timer } from '../base/clock.ts'
import { createTroubleLog } from '../base/log-trouble.ts'
import type { Logger } from '../base/logger.ts'
import type { MonitorConfig } from '../protocol/monitor-config.ts'
import type { ReportThread } from './report-thread.ts'

export interface PeriodicReports {
  /** Takes another configuration; what has the same interval as before goes on in its rhythm. */
  configure(config: MonitorConfig): void
  /** A job that has begun goes on. */
  close(): void
}

interface PeriodicReportsDeps {
  readonly thread: Pick<ReportThread, 'call'>
  /** Resolves when what was measured up to now can be read. */
  readonly flush: () => Promise<void>
  readonly pollIntervalS: number
  /** Over the configuration's own. */
  readonly dashboardIntervalS?: number | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export function createPeriodicReports(deps: PeriodicReportsDeps): PeriodicReports {
  const { thread, clock, logger } = deps
  let config: MonitorConfig
  let reportedUntilMs = clock.wallMs()

  async function report(): Promise<void> {
    const { formats, save_raw_data: saveRawData } = config.reporting
    const [fromMs, toMs] = [reportedUntilMs, clock.wallMs()]
    const cut = await thread.call('report', { fromMs, toMs, formats, saveRawData })
    reportedUntilMs = toMs
    if (cut.length > 0)
      logger.warn({ tables: cut }, 'the raw data of a report is not whole: shorten reporting.interval')
  }

  async function drawDashboard(): Promise<void> {
    const { max_history_points: points, plot_style, live_update } = config.visualization
    const toMs = clock.wallMs()
    await thread.call('dashboard', {
      fromMs: toMs - points * deps.pollIntervalS * 1000,
      toMs,
      points,
      look: {
        heading: 'How it plays',
        theme: plot_style === 'dark_background' ? 'dark' : 'light',
        ...(live_update && { refreshS: Math.ceil(dashboardIntervalS(config)) }),
      },
    })
  }

  const dashboardIntervalS = ({ visualization }: MonitorConfig) =>
    deps.dashboardIntervalS ?? visualization.dashboard_update_interval
  const reporting = createRepeated('reports are', report, deps)
  const drawing = createRepeated('the dashboard is', drawDashboard, deps)

  return {
    configure(next) {
      config = next
      const { reporting: reports, visualization } = next
      if (!reports.enabled) reportedUntilMs = clock.wallMs()
      reporting.setInterval(reports.enabled ? reports.interval : undefined)
      drawing.setInterval(visualization.enabled ? dashboardIntervalS(next) : undefined)
    },
    close() {
      reporting.setInterval(undefined)
      drawing.setInterval(undefined)
    },
  }
}

/** Work at an interval, once at a time: a round that would begin while the one before goes on is left out. */
function createRepeated(what: string, work: () => Promise<void>, deps: PeriodicReportsDeps) {
  const trouble = createTroubleLog(deps.logger, { failed: `${what} not written`, worked: `${what} written again` })
  let timer: Timer | undefined
  let current: number | undefined
  let isRunning = false

  async function round(): Promise<void> {
    if (isRunning) return
    isRunning = true
    try {
      await deps.flush()
      await work()
      trouble.worked()
    } catch (error) {
      if (current !== undefined) trouble.failed(error)
    } finally {
      isRunning = false
    }
  }

  return {
    setInterval(intervalS: number | undefined): void {
      if (intervalS === current) return
      current = intervalS
      timer?.cancel()
      timer = intervalS === undefined ? undefined : every(deps.clock, intervalS * 1000, () => void round())
    },
  }
}
