import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPeriodicReports, type PeriodicReports } from '../../../src/lib/app/periodic-reports.ts'
import { createReportThread } from '../../../src/lib/app/report-thread.ts'
import { createReportWriter } from '../../../src/lib/app/write-reports.ts'
import { createLogger } from '../../../src/lib/base/logger.ts'
import { openHistoryStore } from '../../../src/lib/history/store.ts'
import { parseMonitorConfig } from '../../../src/lib/protocol/monitor-config.ts'
import { until } from '../../support/e2e.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let folder: string
let reportFolder: string
let historyFolder: string
let clock: FakeClock
const lines: string[] = []
const logger = createLogger({ level: 'info', write: (line) => lines.push(line) })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-reports-'))
  reportFolder = join(folder, 'reports')
  historyFolder = join(folder, 'history')
  clock = new FakeClock(0, Date.parse('2026-05-04T12:00:00Z'))
  lines.length = 0
  const store = openHistoryStore(historyFolder)
  const at = (s: number) => clock.wallMs() + s * 1000
  const ended = {
    closeReason: 'viewer_left',
    errorCode: null,
    error: null,
    peer: null,
    firstFrameMs: 300,
    freezeCount: 0,
    freezeS: 0,
    underruns: 0,
  }
  store.write({
    connections: [
      {
        id: 'a',
        content: 'bafyfilm',
        createdAtMs: at(1),
        connectedAtMs: at(1),
        closedAtMs: at(50),
        codecs: 'vp9',
        ...ended,
      },
    ],
    samples: Array.from({ length: 20 }, (_, s) => ({
      atMs: at(s * 2),
      connection: 'a',
      mediaTimeS: s,
      quality: 'high',
      underruns: 0,
      freezeCount: 0,
      freezeS: 0,
      reasons: '',
      bitrateBps: 1e6,
      health: 90,
    })) as never,
    events: [],
    operations: [],
    workers: [],
    decisions: [],
  })
  store.close()
})
afterEach(() => rm(folder, { recursive: true }))

const config = (raw: object) => parseMonitorConfig(raw, 'c.json')
const names = async (at = reportFolder) => (await readdir(at).catch(() => [])).sort()

function open(change: { dashboardIntervalS?: number } = {}): { reports: PeriodicReports; close(): Promise<void> } {
  const thread = createReportThread({ reportFolder, historyFolder }, logger)
  const reports = createPeriodicReports({
    thread,
    flush: async () => {},
    pollIntervalS: 2,
    clock,
    logger,
    ...change,
  })
  async function close() {
    reports.close()
    await thread.stop()
  }
  return { reports, close }
}

describe('periodic reports', () => {
  it('are written at their interval, in the formats that are asked for, with the rows of the interval', async () => {
    const { reports, close } = open()
    reports.configure(
      config({ reporting: { interval: 20, formats: ['json', 'csv'] }, visualization: { enabled: false } }),
    )
    try {
      clock.advance(20_000)
      await until('the first report', async () => (await names()).length === 6)
      expect(await names()).toEqual([
        'report_20260504_120020.connections.jsonl',
        'report_20260504_120020.connections.parquet',
        'report_20260504_120020.csv',
        'report_20260504_120020.json',
        'report_20260504_120020.samples.jsonl',
        'report_20260504_120020.samples.parquet',
      ])
      const report = JSON.parse(await readFile(join(reportFolder, 'report_20260504_120020.json'), 'utf8'))
      expect(report).toMatchObject({
        from: '2026-05-04T12:00:00.000Z',
        to: '2026-05-04T12:00:20.000Z',
        summary: { connections: 1 },
        figures: { health: { count: 10 } },
      })
      const raw = await readFile(join(reportFolder, 'report_20260504_120020.samples.jsonl'), 'utf8')
      expect(raw.trim().split('\n')).toHaveLength(10)

      reports.configure(config({ reporting: { interval: 10, formats: ['html'], save_raw_data: false } }))
      clock.advance(10_000)
      await until('the second report', async () => (await names()).includes('report_20260504_120030.html'))
      const html = await readFile(join(reportFolder, 'report_20260504_120030.html'), 'utf8')
      expect(html).toContain('bafyfilm')
      expect(html).not.toContain('http-equiv="refresh"')
      expect((await names()).filter((name) => name.startsWith('report_20260504_120030'))).toHaveLength(1)
    } finally {
      await close()
    }
    expect(lines).toEqual([])
  })

  it('leave the rhythm of what has not changed as it is', async () => {
    const { reports, close } = open()
    const every20 = { reporting: { interval: 20, formats: ['json'], save_raw_data: false } }
    reports.configure(config({ ...every20, visualization: { enabled: false } }))
    try {
      clock.advance(15_000)
      reports.configure(config({ ...every20, visualization: { enabled: true } }))
      clock.advance(5_000)
      await until('the report', async () => (await names()).includes('report_20260504_120020.json'))
    } finally {
      await close()
    }
  })

  it('say once that a folder takes nothing, and go on when it does', async () => {
    await writeFile(reportFolder, '')
    const { reports, close } = open()
    reports.configure(
      config({
        reporting: { interval: 20, formats: ['json'], save_raw_data: false },
        visualization: { enabled: false },
      }),
    )
    try {
      for (let round = 1; round <= 3; round++) {
        clock.advance(20_000)
        await until('the round is over', () => lines.length > 0)
      }
      expect(JSON.parse(lines[0]!)).toMatchObject({
        level: 'error',
        code: 'INVALID_OPTION',
        error: expect.stringMatching(/^--report-path: E(NOTDIR|EXIST)/),
        msg: 'reports are not written',
      })
      await rm(reportFolder)
      await until('a report', async () => {
        clock.advance(20_000)
        return (await names()).length > 0
      })
      await until('that is said', () => lines.at(-1)!.includes('reports are written again'))
      expect(lines).toHaveLength(2)
    } finally {
      await close()
    }
  })
})

describe('the dashboard', () => {
  const dashboard = () => readFile(join(reportFolder, 'visualizations/dashboard.html'), 'utf8')

  it('shows so many points in the theme of its style, and loads itself again where it is live', async () => {
    const { reports, close } = open({ dashboardIntervalS: 7 })
    const visualization = { max_history_points: 10, live_update: true, dashboard_update_interval: 5 }
    reports.configure(config({ reporting: { enabled: false }, visualization }))
    try {
      clock.advance(40_000)
      const html = await until('the dashboard', dashboard)
      expect(html).toContain('<meta http-equiv="refresh" content="7">')
      expect(html).toContain(':root{color-scheme:dark;')
      expect(html).not.toContain('prefers-color-scheme')
      const shown = JSON.parse(/id="report">(.*)<\/script>/s.exec(html)![1]!)
      expect(Date.parse(shown.to) - Date.parse(shown.from)).toBe(20_000)
      expect(shown.series.length).toBeLessThanOrEqual(10)
      expect(await names()).toEqual(['visualizations'])

      reports.configure(config({ reporting: { enabled: false }, visualization: { plot_style: 'ggplot' } }))
      await until('the new look', async () => {
        clock.advance(7_000)
        return (await dashboard()).includes(':root{color-scheme:light;')
      })
      expect(await dashboard()).not.toContain('http-equiv="refresh"')
    } finally {
      await close()
    }
  })
})

describe('the writer', () => {
  it('keeps the reports of a day', async () => {
    const writer = createReportWriter({ historyFolder, reportFolder, clock })
    const job = { formats: ['csv'], saveRawData: false } as const
    for (let n = 0; n < 300; n++)
      await writer.report({ ...job, fromMs: clock.wallMs() + n * 1000, toMs: clock.wallMs() + (n + 1) * 1000 })
    expect(await names()).toHaveLength(288)
    expect((await names()).at(-1)).toBe('report_20260504_120500.csv')
  })
})
