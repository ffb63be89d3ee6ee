// The words around the table: header, counts, footer, fields of one connection. Pure.
import { formatDurationS } from '../base/units.ts'
import { sampleFigures } from '../model/figure-table.ts'
import type { WatchLink } from '../model/link.ts'
import { reasonText } from '../model/score-words.ts'
import type { LiveConnection, LiveScore, LiveState } from '../protocol/live.ts'
import { stateText, viewerText } from './columns.ts'
import { clockTime, duration, figureViews, qualityText, seconds, unknown, whole } from './format.ts'
import type { Tone } from './theme.ts'
import { choicesOf, type Ui } from './ui.ts'

export interface Said {
  readonly text: string
  readonly tone?: Tone
}

/** How it stands with what is watched. */
export function linkText(link: WatchLink, atMs: number | undefined, isHeld: boolean): Said {
  switch (link.kind) {
    case 'gone':
      return { text: `✗ gone since ${clockTime(link.sinceMs)}: ${link.reason}; asking again`, tone: 'bad' }
    case 'connecting':
      return { text: '○ connecting', tone: 'warn' }
    case 'replay':
      return { text: replayText(link, atMs), tone: 'note' }
    default:
      if (isHeld) return { text: `‖ held at ${clockTime(atMs)}`, tone: 'warn' }
      return link.kind === 'live'
        ? { text: '● live', tone: 'good' }
        : { text: `● asking every ${link.everyMs / 1000} s`, tone: 'note' }
  }
}

function replayText({ speed, isPaused, isOver }: Extract<WatchLink, { kind: 'replay' }>, atMs: number | undefined) {
  const sign = isOver ? '■ end' : isPaused ? '‖ paused' : `▶ ×${speed}`
  return atMs === undefined
    ? `${sign} replay`
    : `${sign} ${new Date(atMs).toISOString().slice(0, 10)} ${clockTime(atMs)}`
}

/** No server tells this: it was recorded, and tasks are not. */
const isRecorded = ({ server }: LiveState): boolean => server.version === ''

/** Since when, and what, the server is. */
export const serverText = (state: LiveState): string =>
  isRecorded(state)
    ? `at ${new Date(state.atMs).toISOString()}`
    : `up ${formatDurationS((state.atMs - state.server.startedAtMs) / 1000)}  mcpx ${state.server.version}`

const failed = (count: number): string => (count > 0 ? ` (${count} failed)` : '')

/** Connections, operations and tasks in numbers. */
export function countsText(state: LiveState): string {
  const { connections, summary } = state
  const open = connections.filter(({ state }) => state !== 'closed')
  const active = open.filter(({ state }) => state === 'active').length
  const silent = open.filter((one) => viewerText(one) === 'no').length
  const broken = connections.filter(({ error }) => error !== undefined).length
  return [
    `${open.length} open${failed(broken)}`,
    `${active} active`,
    ...(silent > 0 ? [`${silent} not reporting`] : []),
    `${summary.operations.total} operations${failed(summary.operations.failed)}`,
    ...(isRecorded(state) ? [] : [`${summary.pendingTasks} tasks`]),
  ].join('  ')
}

/** How the table is narrowed and ordered. */
export function orderText({ sort, filter }: Ui): string {
  const by = sort ? `by ${sort.column} ${sort.isReversed ? '▴' : '▾'}` : ''
  return [filter && `"${filter}"`, by].filter(Boolean).join('  ')
}

interface Use {
  /** Chart and lists have room below the table. */
  readonly hasPanes: boolean
  /** Connections can be changed. */
  readonly canChange: boolean
}

/** What the keys are for now, the way out first: a narrow terminal cuts the end. */
export function footerText(ui: Ui, { hasPanes, canChange }: Use): Said {
  const { target } = ui
  if (ui.notice) return { text: ui.notice.text, tone: ui.notice.isError ? 'bad' : 'good' }
  if (ui.mode === 'filter') return { text: `filter: ${ui.filter}▏  Enter keeps  Esc clears`, tone: 'accent' }
  if (ui.mode === 'close' && target)
    return { text: `close ${target.id.slice(0, 8)}, which plays to its viewer?  y yes  n no`, tone: 'warn' }
  if (ui.mode === 'quality' && target) {
    const names = choicesOf(target).map((name, at) => (at === ui.choice ? `[${name}]` : ` ${name} `))
    return { text: `quality ${names.join('')}  Enter sets  Esc leaves`, tone: 'warn' }
  }
  if (ui.mode === 'help') return { text: 'q quit  any other key goes back', tone: 'dim' }
  if (ui.isDetailed)
    return {
      text: `Esc back  q quit  ? help  ↑↓ others  m metric  ${canChange ? 'c close  Q quality  ' : ''}Space hold`,
      tone: 'dim',
    }
  const forPanes = hasPanes ? 'Tab pane  m metric  ' : ''
  const last = canChange ? 'c close' : 'Space hold'
  return { text: `q quit  ? help  Enter details  ${forPanes}/ filter  s sort  ${last}`, tone: 'dim' }
}

/** `80  −15: loss 3.0 %, −5: jitter 21 ms`, or what is not known. */
export function scoreText(score: LiveScore | undefined): string {
  if (!score) return unknown
  const missing = score.unknown.length > 0 ? `not known: ${score.unknown.join(', ')}` : ''
  const why = [reasonText(score.reasons), missing].filter(Boolean).join('; ')
  return `${whole(score.value).padStart(3)}  ${why || (score.value === undefined ? '' : 'nothing taken off')}`.trimEnd()
}

/** Name and value of all that is known of a connection, besides its content and its scores. */
export function fieldsOf(one: LiveConnection): [name: string, value: string][] {
  const { sample, peerStates, connectedAtMs } = one
  return [
    ['state', stateText(one) + (one.paused ? ', paused' : '') + (one.closeReason ? `, ${one.closeReason}` : '')],
    ['peer', one.peer ?? unknown],
    ['connection', peerStates.connection],
    ['ICE', peerStates.ice],
    ['signalling', peerStates.signaling],
    ['gathering', peerStates.gathering],
    ['channels', peerStates.dataChannels.join(', ') || unknown],
    ['codecs', one.codecs.join(', ') || unknown],
    ['quality', qualityText(one.quality, one.sentQuality, false)],
    ['position', `${duration(one.mediaTimeS)} of ${one.durationS > 0 ? duration(one.durationS) : unknown}`],
    ['opened', clockTime(one.createdAtMs)],
    ['connected', connectedAtMs === undefined ? unknown : `after ${Math.round(connectedAtMs - one.createdAtMs)} ms`],
    ['first frame', one.firstFrameMs === undefined ? unknown : `${whole(one.firstFrameMs)} ms`],
    ['viewer tells', viewerText(one)],
    ['freezes', whole(one.freezeCount) + (one.freezeCount ? ` (${seconds(one.totalFreezesDurationS)} s)` : '')],
    ['underruns', whole(one.underruns)],
    ...sampleFigures
      .filter((name) => name !== 'health' && name !== 'videoQuality')
      .map((name): [string, string] => [figureViews[name].title, figureViews[name].say(sample?.[name])]),
  ]
}
