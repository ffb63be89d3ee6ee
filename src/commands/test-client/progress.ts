// How a load test goes, while it goes: a few lines that are redrawn on a terminal, a line now and then elsewhere.
import { type Io, isFancy } from '../../lib/base/io.ts'
import { showsUnicode, sparkline } from '../../lib/base/sparkline.ts'
import { formatBps, formatDurationS } from '../../lib/base/units.ts'
import type { LoadMoment } from '../../lib/protocol/load-result.ts'
import { figureText } from '../../lib/report/load-verdicts.ts'
import { progressBar } from '../shared/progress-bar.ts'

/** Where lines are not redrawn there is one so often, or 60 of a long run. */
const lineEveryS = 5
const linesOfLongRun = 60
const barWidth = 32
const historyLength = 30

const lossText = (ratio: number | null) => (ratio === null ? 'loss unknown' : `loss ${figureText(100 * ratio)} %`)
const lagText = (ms: number | null) => (ms === null ? 'own lag unknown' : `own lag p99 ${figureText(ms)} ms`)
const peopleText = ({ watching, sessions, failed, freezes }: LoadMoment) =>
  `sessions ${sessions}  watching ${watching}  failed ${failed}  freezes ${freezes}`
const timesText = (atS: number, totalS: number) =>
  `${formatDurationS(atS)} of ${formatDurationS(totalS)}, ${formatDurationS(Math.ceil(totalS - atS))} left`

/** `0:12 of 0:25, 0:13 left  sessions 20  watching 20  …` */
export const momentLine = (moment: LoadMoment, totalS: number): string =>
  [
    timesText(moment.atS, totalS),
    peopleText(moment),
    formatBps(moment.bitrateKbps * 1000),
    lossText(moment.lossRatio),
    lagText(moment.lagP99Ms),
  ].join('  ')

/** The lines of a panel that is drawn over and over. */
export function createPanel(totalS: number, { columns, unicode }: { columns: number; unicode: boolean }) {
  const bitrates: number[] = []
  return (moment: LoadMoment): string[] => {
    bitrates.push(moment.bitrateKbps)
    if (bitrates.length > historyLength) bitrates.shift()
    const rate = formatBps(moment.bitrateKbps * 1000)
    return [
      `${progressBar(moment.atS / totalS, Math.min(barWidth, columns))} ${timesText(moment.atS, totalS)}`,
      peopleText(moment),
      `${sparkline(bitrates, { unicode }).padEnd(historyLength)} ${rate}`,
      `${lossText(moment.lossRatio)}  ${lagText(moment.lagP99Ms)}`,
    ].map((line) => line.slice(0, Math.max(1, columns - 1)))
  }
}

/** Says each moment on stderr, as fits what that is. */
export function createProgress(io: Io, totalS: number): (moment: LoadMoment) => void {
  if (!isFancy(io)) return createLines(io, totalS)
  const panel = createPanel(totalS, { columns: io.columns, unicode: showsUnicode(io.env) })
  let drawn = 0
  return (moment) => {
    io.cursor({ up: drawn })
    const lines = panel(moment)
    drawn = lines.length
    for (const line of lines) {
      io.cursor('eraseLine')
      io.err(`${line}\n`)
    }
  }
}

function createLines(io: Io, totalS: number): (moment: LoadMoment) => void {
  const everyS = Math.max(lineEveryS, totalS / linesOfLongRun)
  let nextS = everyS
  return (moment) => {
    // Moments come about every second, never on the second.
    if (moment.atS < nextS - 0.5) return
    nextS = (Math.floor((moment.atS + 0.5) / everyS) + 1) * everyS
    io.err(`${momentLine(moment, totalS)}\n`)
  }
}
