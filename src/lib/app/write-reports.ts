// What a server writes of itself again and again: reports of an interval with their raw data, and a dashboard.
import { join } from 'node:path'
import { type BoundedFolder, fileStamp, openBoundedFolder } from '../base/bounded-folder.ts'
import { systemClock } from '../base/clock.ts'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { makeFolder } from '../base/folder.ts'
import { see } from '../base/troubleshooting.ts'
import { writeFileWhole } from '../base/write-whole.ts'
import { type HistoryStore, openHistoryStore } from '../history/store.ts'
import type { BenchmarkFormat, BenchmarkRun } from '../model/benchmark.ts'
import type { HistoryRange, HistoryReader } from '../model/history.ts'
import type { ReportFormat } from '../protocol/monitor-config.ts'
import { renderBenchmark } from '../report/benchmark.ts'
import { type Look, makeReport, render } from '../report/index.ts'
import { toJsonLines, toParquet } from '../report/raw-data.ts'

export interface ReportJob {
  readonly fromMs: number
  readonly toMs: number
  readonly formats: readonly ReportFormat[]
  readonly saveRawData: boolean
}

export interface DashboardJob {
  readonly fromMs: number
  readonly toMs: number
  /** Of the charts. */
  readonly points: number
  readonly look: Look
}

export interface BenchmarkJob {
  readonly run: BenchmarkRun
  /** What was asked for, for who reads the file. */
  readonly config: object
  readonly format: BenchmarkFormat
  /** Below the folder of reports. */
  readonly folder: string
}

export interface ReportWriter {
  /** Resolves with the tables that had more rows than are taken. Throws DISK_FULL, or INVALID_OPTION for the folder. */
  report(job: ReportJob): Promise<string[]>
  /** Writes `visualizations/dashboard.html`. Throws the same. */
  dashboard(job: DashboardJob): Promise<void>
  /** Writes `webrtc_benchmark_<connection>_<time>.<format>` and resolves with its path. Throws the same. */
  benchmark(job: BenchmarkJob): Promise<string>
}

/** At the usual interval, the reports of a day. */
export const reportLimits = { maxEntries: 288, maxBytes: 2 ** 30, maxAgeMs: 30 * 86_400_000 }
const rawTables = ['connections', 'samples', 'events', 'decisions', 'operations'] as const
/** Rows of one table that are held in memory. */
const maxRows = 200_000
/** More points are no more to be seen. */
const maxPoints = 720

export function createReportWriter({
  historyFolder,
  reportFolder,
  clock = systemClock,
}: {
  historyFolder: string
  reportFolder: string
  clock?: Pick<typeof systemClock, 'wallMs'>
}): ReportWriter {
  let reports: Promise<BoundedFolder> | undefined

  /** The files of the history are opened for each job: days come and go. */
  async function withHistory<T>(work: (store: HistoryStore) => T | Promise<T>): Promise<T> {
    const store = openHistoryStore(historyFolder)
    try {
      return await work(store)
    } finally {
      store.close()
    }
  }

  async function writing(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      const error = toMcpxError(thrown)
      if (error.code === 'DISK_FULL') throw error
      throw new McpxError('INVALID_OPTION', `--report-path: ${error.message}`, {
        cause: thrown,
        hint: `Name a folder that this user may write to. ${see('no-reports-or-dashboards-are-written')}`,
      })
    }
  }

  return {
    async report({ fromMs, toMs, formats, saveRawData }) {
      const range = { fromMs, toMs }
      const { parts, cut } = await withHistory(async (store) => {
        const raw = saveRawData ? rawData(store, range) : { parts: {}, cut: [] }
        const report = await makeReport(boundedReader(store), { ...range, nowMs: toMs })
        const rendered = await Promise.all(
          formats.map(async (one) => [`.${one}`, await render(report, [], one)] as const),
        )
        return { parts: { ...raw.parts, ...Object.fromEntries(rendered) }, cut: raw.cut }
      })
      await writing(async () => {
        reports ??= openBoundedFolder({
          folder: reportFolder,
          keys: /^report_\d{8}_\d{6}$/,
          limits: reportLimits,
          clock,
        })
        await (await reports).write(`report_${fileStamp(toMs)}`, parts)
      })
      return cut
    },
    async dashboard({ fromMs, toMs, points, look }) {
      const range = { fromMs, toMs, nowMs: toMs, steps: Math.min(points, maxPoints) }
      const html = await withHistory(async (store) =>
        render(await makeReport(boundedReader(store), range), [], 'html', look),
      )
      await writing(async () => {
        const folder = join(reportFolder, 'visualizations')
        makeFolder(folder)
        await writeFileWhole(join(folder, 'dashboard.html'), html)
      })
    },
    async benchmark({ run, config, format, folder: below }) {
      const text = await renderBenchmark(run, config, format)
      const folder = join(reportFolder, below)
      const key = `webrtc_benchmark_${run.connectionId}_${fileStamp(run.startedAtMs)}`
      await writing(async () => {
        const benchmarks = await openBoundedFolder({ folder, keys: /^webrtc_benchmark_/, limits: reportLimits, clock })
        await benchmarks.write(key, { [`.${format}`]: text })
      })
      return join(folder, `${key}.${format}`)
    },
  }
}

/** Samples are summed up as they pass; of the rest so many rows are held in memory at most. */
const boundedReader = (store: HistoryStore): HistoryReader => ({
  scan: async (...args) => store.scan(...args),
  async read(table, range) {
    const { rows, damaged } = store.read(table, { ...range, limit: maxRows + 1 })
    if (rows.length <= maxRows) return { rows, damaged }
    return { rows: rows.slice(0, maxRows), damaged: [...damaged, `more than ${maxRows} rows of ${table}`] }
  },
})

/** Two files for each table that has rows. */
function rawData(store: HistoryStore, range: HistoryRange) {
  const parts: Record<string, string | Uint8Array> = {}
  const cut: string[] = []
  for (const table of rawTables) {
    const { rows } = store.read(table, { ...range, limit: maxRows + 1 })
    if (rows.length > maxRows) cut.push(table)
    if (rows.length === 0) continue
    const kept = rows.slice(0, maxRows)
    parts[`.${table}.parquet`] = toParquet(kept)
    parts[`.${table}.jsonl`] = toJsonLines(kept)
  }
  return { parts, cut }
}
