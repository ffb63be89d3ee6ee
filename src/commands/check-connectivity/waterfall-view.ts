// How a waterfall looks on a terminal: a bar for each step, where it began and how long it took; cause and fix where it ended.
import { plain, plainText } from '../../lib/base/plain-text.ts'
import { type WaterfallReport, type WaterfallStep, waterfallSteps } from '../../lib/protocol/waterfall.ts'
import { timeText, wrapped } from './view.ts'

interface WaterfallView {
  readonly columns: number
  /** Whether the terminal shows what is not ASCII. */
  readonly isUnicode: boolean
}

const mostColumns = 80
const leastColumns = 40
/** Of a narrower terminal what is said of a step stands below it. */
const leastBesideColumns = 70
const nameWidth = 16
const timeWidth = 9
const mostBarWidth = 24

export function waterfallText(report: WaterfallReport, view: WaterfallView): string {
  const width = Math.min(mostColumns, Math.max(leastColumns, view.columns))
  // How long it was watched says nothing of how long it took.
  const untilMs = Math.max(
    1,
    ...report.steps.filter(({ step }) => step !== 'steady').map(({ startMs = 0, ms = 0 }) => startMs + ms),
  )
  const rows = report.steps.flatMap((step) => rowsOf(step, { width, untilMs, ...view }))
  return `${[plain`${report.content}`.slice(0, width), ...rows, wrapped(summary(report), width)].join('\n')}\n`
}

interface RowView extends WaterfallView {
  readonly width: number
  readonly untilMs: number
}

function rowsOf(step: WaterfallStep, view: RowView): string[] {
  const { status, ms, detail, cause, fix } = step
  const name = waterfallSteps[step.step].padEnd(nameWidth)
  const time = (status === 'skipped' ? 'skipped' : timeText(ms ?? 0)).padStart(timeWidth)
  const left = view.width - nameWidth - timeWidth - mostBarWidth - 2
  const said = plainText((status === 'failed' ? ['FAILED', detail].filter(Boolean).join(': ') : detail) ?? '')
  const isBeside = view.width >= leastBesideColumns
  const indent = isBeside ? ' '.repeat(view.width - left) : '  '
  const lines = said === '' ? [] : wrapped(said, view.width - indent.length).split('\n')
  const [first = '', ...more] = isBeside ? lines : ['', ...lines]
  const line = `${name}${time} ${bar(step, view)} ${first}`.trimEnd()
  const words = [...(cause ? [plain`why: ${cause}`] : []), ...(fix ? [plain`fix: ${fix}`] : [])]
  const below = words.flatMap((text) => wrapped(text, view.width - 4).split('\n')).map((text) => `    ${text}`)
  return [line, ...more.map((text) => `${indent}${text}`), ...below]
}

/** At least one character, in its place. */
function bar({ status, startMs, ms, step }: WaterfallStep, { untilMs, isUnicode, width }: RowView): string {
  const barWidth = Math.min(mostBarWidth, width - nameWidth - timeWidth - 2)
  if (startMs === undefined || status === 'skipped') return ' '.repeat(barWidth)
  if (step === 'steady') return ' '.repeat(barWidth - 1) + (isUnicode ? '▶' : '>')
  const columnOf = (atMs: number) => Math.round((Math.min(atMs, untilMs) / untilMs) * barWidth)
  const from = Math.min(columnOf(startMs), barWidth - 1)
  const length = Math.max(1, columnOf(startMs + (ms ?? 0)) - from)
  const [full, failed] = isUnicode ? ['█', '▒'] : ['#', 'x']
  return `${' '.repeat(from)}${(status === 'failed' ? failed! : full!).repeat(length)}`.padEnd(barWidth)
}

function summary({ outcome, steps, elapsedMs, candidatePair, server }: WaterfallReport): string {
  const failed = steps.find(({ status }) => status === 'failed')
  const key = steps.find(({ step }) => step === 'first-key-frame')
  const path = candidatePair === undefined ? '' : ` over ${candidatePair}`
  const where = server ?? 'a server started for this'
  switch (outcome) {
    case 'steady':
      return plain`plays from ${where}: first key frame after ${timeText((key?.startMs ?? 0) + (key?.ms ?? 0))}${path}`
    case 'failed':
      return plain`ends at "${failed ? waterfallSteps[failed.step] : 'nothing'}" after ${timeText(elapsedMs)}`
    case 'unreachable':
      return plain`${where} cannot be reached: start one with \`mcpx serve\`, or correct --server`
    case 'refused':
      return plain`${where} does not let us in: give its token with --token or MCPX_TOKEN`
  }
}
