// `mcpx report`: how streams played in a stretch of time, from a server or from the history in a repo.
import { systemClock } from '../lib/base/clock.ts'
import { exitCodes, McpxError } from '../lib/base/errors.ts'
import { plain } from '../lib/base/plain-text.ts'
import { defineCommand } from '../lib/command-line/define-command.ts'
import { pairOf, periodOf, reportOptions, sourceOptions } from './report/options.ts'

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
    { line: 'mcpx report --output samples.parquet --since 1h', does: 'Every sample of an hour' },
    { line: 'mcpx report --compare 48h..24h 24h..now --output diff.html', does: 'Today against yesterday' },
  ],
  async run({ options, io }) {
    const [{ openHistorySource }, { makeComparison, makeReport, render, renderComparison, writeWhole }] =
      await Promise.all([import('../lib/app/read-history.ts'), import('../lib/report/index.ts')])
    const { parseReportThreshold, judgeReport } = await import('../lib/report/judge-report.ts')
    const thresholds = options.threshold.map(parseReportThreshold)
    const ask = { nowMs: systemClock.wallMs(), connection: options.connection }
    const periods =
      options.compare.length > 0 ? pairOf(options.compare, ask) : [periodOf(options.since, options.until, ask)]
    const source = await openHistorySource({ ...options, signal: io.signal })
    try {
      const format = options.format ?? (options.json ? 'json' : formatOf(options.output))
      const [first, second] = periods
      if (format === 'jsonl' || format === 'parquet') {
        if (second || thresholds.length > 0)
          throw new McpxError('INVALID_OPTION', `--format ${format} is rows: --compare and --threshold need a report`)
        const { writeRows } = await import('./report/rows.ts')
        await writeRows(source, first!, { ...options, format }, io)
        return exitCodes.ok
      }
      const made = second
        ? await makeComparison(source, [first!, second], ask)
        : await makeReport(source, { ...first!, ...ask })
      // Of two periods it is the second that is judged: the first is what it is held against.
      const verdicts = thresholds.map((threshold) => judgeReport('b' in made ? made.b : made, threshold))
      const text = await ('b' in made ? renderComparison(made, verdicts, format) : render(made, verdicts, format))
      if (options.output) await writeWhole(options.output, io.cwd, text)
      else io.out(text)
      for (const { threshold, value } of verdicts.filter(({ passed }) => !passed))
        io.err(
          plain`threshold failed: ${threshold} (${value === undefined ? 'not measured' : Number(value.toPrecision(6))})\n`,
        )
      return verdicts.every(({ passed }) => passed) ? exitCodes.ok : exitCodes.thresholdsFailed
    } finally {
      source.close()
    }
  },
})

const formats = ['html', 'csv', 'jsonl', 'parquet'] as const
const formatOf = (output: string | undefined) => formats.find((format) => output?.endsWith(`.${format}`)) ?? 'json'
