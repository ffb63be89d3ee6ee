// The tables of figures of a load test's page.
import { histogram } from '../base/sparkline.ts'
import { figureOf, figureValues } from '../protocol/load-figures.ts'
import {
  type LoadComparison,
  type LoadFigure,
  type LoadResult,
  type LoadSession,
  loadFigureSpec,
  loadFigures,
} from '../protocol/load-result.ts'
import { pText } from './load-verdicts.ts'
import { number, table, text } from './page.ts'

const shownSessions = 50
const spreadBins = 18
const spreadHeight = 18

/** What never came is not unknown. */
const ofFigure = (figure: LoadFigure, value: number | null | undefined): string => {
  const { unit, isWait } = loadFigureSpec(figure)
  return value === null && isWait ? '<span class="bad">never</span>' : number(value, unit)
}

export function figureTable({ figures, sessions }: LoadResult): string {
  const rows = loadFigures.flatMap((figure) => {
    const found = figures[figure]
    if (!found) return []
    const ranks = [found.mean, found.min, found.p50, found.p90, found.p95, found.p99, found.max]
    return [
      [
        `${text(loadFigureSpec(figure).title)}<br><code>${figure}</code>`,
        ...ranks.map((value) => ofFigure(figure, value)),
        number(found.count),
        spread(figureValues(sessions, figure)),
      ],
    ]
  })
  if (rows.length === 0) return '<p>Nobody measured anything.</p>'
  return table(['Figure', 'Mean', 'Least', 'p50', 'p90', 'p95', 'p99', 'Most', 'Sessions', 'Spread'], rows)
}

/** How many sessions lie where, from the least to the most. */
function spread(values: readonly (number | null)[]): string {
  const counts = histogram(
    values.filter((value) => value !== null),
    spreadBins,
  )
  const most = Math.max(1, ...counts)
  const bars = counts.map((count, at) => {
    const height = count === 0 ? 0 : Math.max(1, (spreadHeight * count) / most)
    return `<rect x="${at * 4}" y="${(spreadHeight - height).toFixed(1)}" width="3" height="${height.toFixed(1)}"/>`
  })
  return `<svg class="spread" viewBox="0 0 ${spreadBins * 4} ${spreadHeight}" fill="var(--accent)" aria-hidden="true">${bars.join('')}</svg>`
}

export function comparisonSection({ baseline, figures, warnings, toleranceRatio }: LoadComparison): string {
  const rows = Object.entries(figures).map(([name, one]) => {
    const figure = name as LoadFigure
    return [
      text(loadFigureSpec(figure).title),
      ofFigure(figure, one.before),
      ofFigure(figure, one.now),
      text(one.counts.join(' and ')),
      one.pValue === null ? '–' : text(pText(one.pValue)),
      one.adjustedPValue === null ? '–' : text(pText(one.adjustedPValue)),
      one.verdict === 'worse' ? '<span class="bad">worse</span>' : text(one.verdict),
    ]
  })
  return [
    ...warnings.map((warning) => `<p class="bad">${text(warning)}</p>`),
    table(['Figure', 'Median before', 'Median now', 'Sessions', 'p', 'p, corrected', 'Verdict'], rows),
    `<p class="quiet">Against <code>${text(baseline.file)}</code> of ${text(baseline.startedAt)}. Mann-Whitney U test over the sessions, two-sided, corrected for the number of figures (Holm): below 0.01 a difference counts, and where the median is worse by more than ${number(100 * toleranceRatio, '%')} the run has failed.</p>`,
  ].join('')
}

export function sessionTable({ sessions, sessionsLeftOut }: LoadResult): string {
  const worst = sessions.toSorted(byTrouble).slice(0, shownSessions)
  // Where all watched the same, the head of the page says what.
  const isMixed = new Set(sessions.map(({ content }) => content)).size > 1
  const more = sessions.length + sessionsLeftOut - worst.length
  return `${table(
    [
      'Viewer',
      ...(isMixed ? ['Content'] : []),
      'Began',
      'First frame',
      'Watched',
      'Freezes',
      'Loss',
      'Round trip',
      'Last quality',
      'End',
    ],
    worst.map((session) => sessionCells(session, isMixed)),
  )}${more > 0 ? `<p class="quiet">and ${number(more)} more</p>` : ''}`
}

/** CIDs begin alike, and end differently. */
const shortened = (content: string) => (content.length > 16 ? `…${content.slice(-12)}` : content)

const lossOf = (session: LoadSession) => figureOf(session, 'loss') ?? 0

/** Failed, then without a picture, then by what stood still, was lost and took long. */
const byTrouble = (a: LoadSession, b: LoadSession): number =>
  Number(b.outcome === 'failed') - Number(a.outcome === 'failed') ||
  Number(b.startupMs === null) - Number(a.startupMs === null) ||
  b.frozenS - a.frozenS ||
  lossOf(b) - lossOf(a) ||
  (b.startupMs ?? 0) - (a.startupMs ?? 0)

const sessionCells = (one: LoadSession, isMixed: boolean): string[] => [
  text(one.kind === 'mcpx' ? one.viewer : `${one.viewer} (${one.kind})`),
  ...(isMixed ? [`<code>${text(shortened(one.content))}</code>`] : []),
  number(one.plannedS, 's'),
  ofFigure('startup', one.startupMs),
  number(one.watchedS, 's'),
  one.freezes === 0 ? '0' : text(`${one.freezes} (${number(one.frozenS, 's')})`),
  ofFigure('loss', figureOf(one, 'loss')),
  ofFigure('rtt', one.roundTripMs ?? undefined),
  text(one.rungs.at(-1)?.quality ?? '–'),
  one.error ? `<span class="bad">${text(`${one.error.code}: ${one.error.message}`)}</span>` : text(one.outcome),
]
