// `mcpx report`: how streams played in a stretch of time, from a server or from the history in a repo.
import { systemClock } from '../lib/base/clock.ts'
import { exitCodes, McpxError } from '../lib/base/errors.ts'
import { parseMoment } from '../lib/base/units.ts'
import { defineCommand } from './define-command.ts'
import { reportOptions, sourceOptions } from './report-options.ts'

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'Report how streams played, as HTML, JSON or CSV, with thresholds',
  description:
    'Reads the server at --server, the one that runs on this machine, or the history in the repo. The HTML is one file that ' +
    'needs neither network nor script. Exit 99 where a threshold does not hold.',
  options: {
    Report: reportOptions,
    Source: sourceOptions,
  },
  examples: [
    { line: 'mcpx report --output report.html --since 24h', does: 'The last day as one HTML file' },
    { line: "mcpx report --threshold 'startup_p95<800ms' --threshold 'loss_p95<2%'", does: 'A verdict for CI' },
    { line: 'mcpx report --format csv --since 7d', does: 'The connections of a week' },
  ],
  async run({ options, io }) {
    const [{ openHistorySource }, { makeReport, render, writeWhole }] = await Promise.all([
      import('../lib/app/read-history.ts'),
      import('../lib/report/index.ts'),
    ])
    const { parseThreshold, judge } = await import('../lib/report/threshold.ts')
    const thresholds = options.threshold.map(parseThreshold)
    const nowMs = systemClock.wallMs()
    const fromMs = parseMoment(options.since, nowMs, '--since')
    const toMs = options.until === undefined ? nowMs : parseMoment(options.until, nowMs, '--until')
    if (fromMs >= toMs) throw new McpxError('INVALID_OPTION', `--since ${options.since} is not before --until`)
    const source = await openHistorySource({ ...options, signal: io.signal })
    try {
      const { connection } = options
      const report = await makeReport(source.read, {
        fromMs,
        toMs,
        nowMs,
        ...(connection !== undefined && { connection }),
      })
      const verdicts = thresholds.map((threshold) => judge(report, threshold))
      const format = options.format ?? (options.json ? 'json' : formatOf(options.output))
      const text = await render(report, verdicts, format)
      if (options.output) await writeWhole(options.output, io.cwd, text)
      else io.out(text)
      for (const { threshold, value } of verdicts.filter(({ passed }) => !passed))
        io.err(`threshold failed: ${threshold} (${value === undefined ? 'not measured' : value})\n`)
      return verdicts.every(({ passed }) => passed) ? exitCodes.ok : exitCodes.thresholdsFailed
    } finally {
      source.close()
    }
  },
})

const formatOf = (output: string | undefined): 'html' | 'json' | 'csv' =>
  output?.endsWith('.html') ? 'html' : output?.endsWith('.csv') ? 'csv' : 'json'
