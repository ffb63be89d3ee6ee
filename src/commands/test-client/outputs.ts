// What `mcpx test-client` says while it runs and at the end: progress, summary or JSON, verdicts, files.
import { resolve } from 'node:path'
import { exitCodes, McpxError, toMcpxError } from '../../lib/base/errors.ts'
import type { Io } from '../../lib/base/io.ts'
import { jsonLine } from '../../lib/base/json-text.ts'
import { plain } from '../../lib/base/plain-text.ts'
import { showsUnicode } from '../../lib/base/sparkline.ts'
import type { LoadDeps, LoadRun } from '../../lib/load/load-options.ts'
import type { Threshold, Verdict } from '../../lib/model/threshold.ts'
import type { LoadResult } from '../../lib/protocol/load-result.ts'
import { failedForGood } from '../../lib/report/abort-load.ts'
import { compareLoad } from '../../lib/report/compare-load.ts'
import { judgeLoad, parseLoadThreshold } from '../../lib/report/judge-load.ts'
import { readBaseline } from '../../lib/report/load-baseline.ts'
import { exitOf, judgementsOf } from '../../lib/report/load-verdicts.ts'
import { checkWritable, writeWhole } from '../../lib/report/write-output.ts'
import type { OutputOptions } from './output-options.ts'
import { createProgress } from './progress.ts'
import { bannerLines, judgementLines, summaryText } from './summary.ts'

interface Outputs {
  readonly onMoment: LoadDeps['onMoment']
  /** Says and writes everything there is to say; resolves with the exit code. */
  finish(run: LoadRun): Promise<number>
}

interface Deps {
  readonly io: Io
  /** How long the run is to be. */
  readonly totalS: number
}

/** Throws INVALID_OPTION for a threshold that is none, a file that cannot be written and a baseline that cannot be read. */
export async function openOutputs(options: OutputOptions, { io, totalS }: Deps): Promise<Outputs> {
  const thresholds = options.threshold.map(parseLoadThreshold)
  if (options.abortOnFail && thresholds.length === 0)
    throw new McpxError('INVALID_OPTION', '--abort-on-fail: there is no --threshold that could fail')
  await checkFiles(options, io.cwd)
  const { compareBaseline } = options
  const baseline = compareBaseline === undefined ? undefined : await readBaseline(compareBaseline, io.cwd)
  const progress = options.quiet ? () => {} : createProgress(io, totalS)
  let reasons: readonly Verdict[] = []

  return {
    onMoment(moment, soFar) {
      progress(moment)
      if (!options.abortOnFail || reasons.length > 0) return undefined
      reasons = failedForGood(soFar(), thresholds)
      return reasons.length > 0
    },
    async finish(run) {
      const comparison =
        baseline &&
        compareLoad(baseline, run, { file: compareBaseline!, toleranceRatio: options.baselineTolerance / 100 })
      const verdicts = judgeAll(run, thresholds, reasons)
      const result: LoadResult = { ...run, thresholds: verdicts, ...(comparison && { comparison }) }
      say(result, options, io)
      const code = exitOf(result)
      const failures = await writeFiles(result, options, io, code)
      if (failures.length > 0 && code === exitCodes.ok) throw failures[0]
      for (const { message } of failures) io.err(plain`error: ${message}\n`)
      return code
    },
  }
}

/** What a run was ended for has failed, whatever came in while it ended. */
const judgeAll = (run: LoadRun, thresholds: readonly Threshold[], reasons: readonly Verdict[]): Verdict[] =>
  thresholds.map((threshold) => {
    const reason = run.outcome === 'aborted' && reasons.find((one) => one.threshold === threshold.text)
    return reason || judgeLoad(run, threshold)
  })

/** The summary goes to stdout; where that is JSON, what a person must know of it goes to stderr. */
function say(result: LoadResult, { json }: OutputOptions, io: Io): void {
  if (!json) {
    io.out(summaryText(result, { unicode: showsUnicode(io.env) }))
    return
  }
  io.out(jsonLine(result))
  for (const line of bannerLines(result)) io.err(`${line}\n`)
  const failed = judgementsOf(result).filter(({ status }) => status === 'failed')
  for (const line of failed.flatMap(judgementLines)) io.err(`${line}\n`)
}

const flags = { html: '--html', junit: '--junit', saveBaseline: '--save-baseline' } as const
type FileOption = keyof typeof flags

async function checkFiles(options: OutputOptions, cwd: string): Promise<void> {
  const named = new Map<string, string>()
  for (const [key, flag] of Object.entries(flags)) {
    const path = options[key as FileOption]
    if (path === undefined) continue
    const place = resolve(cwd, path)
    if (named.has(place))
      throw new McpxError('INVALID_OPTION', `${flag} ${path}: ${named.get(place)} names the same file`)
    named.set(place, flag)
    await checkWritable(path, cwd, flag)
  }
}

/** Each that can be written is; returns what went wrong. */
async function writeFiles(result: LoadResult, options: OutputOptions, io: Io, code: number): Promise<McpxError[]> {
  const makers: Readonly<Record<FileOption, () => Promise<string>>> = {
    html: async () => (await import('../../lib/report/load-html.ts')).renderLoadHtml(result),
    junit: async () => (await import('../../lib/report/load-junit.ts')).renderLoadJunit(result),
    saveBaseline: async () => jsonLine(result),
  }
  const failures: McpxError[] = []
  for (const [key, make] of Object.entries(makers) as [FileOption, () => Promise<string>][]) {
    const path = options[key]
    if (path === undefined) continue
    if (key === 'saveBaseline' && code !== exitCodes.ok) {
      io.err(plain`no baseline is saved of a run that failed: ${path} is as it was\n`)
      continue
    }
    await make()
      .then((text) => writeWhole(path, io.cwd, text, flags[key]))
      .catch((error: unknown) => failures.push(toMcpxError(error)))
  }
  return failures
}
