// Makes one report and says what it cost: `report-process.ts <folder> <format> <from ms> <to ms>`.
import { resourceUsage } from 'node:process'
import { openHistoryStore } from '../../src/lib/history/store.ts'
import { makeReport, type ReportFormat, render } from '../../src/lib/report/index.ts'

const [folder = '', format = 'html', from = '0', to = '0'] = process.argv.slice(2)
const startedAt = performance.now()
const before = process.cpuUsage()
const store = openHistoryStore(folder)
const report = await makeReport(
  { read: async (table, range) => store.read(table, range), scan: async (...args) => store.scan(...args) },
  {
    fromMs: Number(from),
    toMs: Number(to),
    nowMs: Number(to),
  },
)
const text = await render(report, [], format as ReportFormat)
if (text.length < 1000) throw new Error(`a report of ${text.length} characters`)
const { user, system } = process.cpuUsage(before)
process.send?.({
  spentMs: performance.now() - startedAt,
  cpuMs: (user + system) / 1000,
  peakRssBytes: resourceUsage().maxRSS * 1024,
})
store.close()
