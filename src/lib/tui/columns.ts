// The columns of the connections: what each shows, how wide it is, by what it sorts, and how it is coloured.
import { figureSpec, type SampleFigure, toneOfFigure } from '../model/figure-table.ts'
import type { LiveConnection } from '../protocol/live.ts'
import { duration, qualityText, unitColumn, unknown, whole } from './format.ts'
import { cutMiddle, widthOf } from './text.ts'
import type { Tone } from './theme.ts'

export const columnNames = [
  'id',
  'content',
  'state',
  'quality',
  'rate',
  'loss',
  'rtt',
  'buffer',
  'fps',
  'health',
  'video',
  'viewer',
  'jitter',
  'freezes',
  'first',
  'age',
  'peer',
] as const
export type ColumnName = (typeof columnNames)[number]

export interface Column {
  readonly title: string
  readonly width: number
  readonly align: 'left' | 'right'
  /** Absent values sort last, whichever way. */
  sortBy(connection: LiveConnection): number | string | null | undefined
  text(connection: LiveConnection, nowMs: number): string
  tone?(connection: LiveConnection): Tone | undefined
}

const stateTones: Readonly<Record<string, Tone>> = {
  waiting: 'dim',
  connecting: 'warn',
  active: 'good',
  ended: 'note',
  closed: 'dim',
}

/** An open stream whose path is broken is not active, whatever the playhead says. */
export const stateText = ({ state, peerStates, error }: LiveConnection): string =>
  error ? 'failed' : state === 'active' && /disconnected|failed/.test(peerStates.connection) ? 'lost' : state

function stateTone(connection: LiveConnection): Tone | undefined {
  const text = stateText(connection)
  return text === 'failed' || text === 'lost' ? 'bad' : stateTones[text]
}

/** Of a viewer that does not say what it sees nothing is fine for sure. */
export const scoreTone = (value: number | null | undefined, { isReporting }: LiveConnection): Tone | undefined => {
  const known = toneOfFigure('health', value)
  if (!known) return 'dim'
  return known === 'good' && isReporting ? 'good' : tones[known]
}

/** Whether the viewer says what it sees; nothing to say before it is connected. */
export const viewerText = ({ isReporting, connectedAtMs, state }: LiveConnection): string =>
  connectedAtMs === undefined || state === 'closed' ? unknown : isReporting ? 'yes' : 'no'

/** A path inside a CID is told by its end, a CID by both ends. */
export function contentText(content: string, width: number): string {
  const at = content.indexOf('/')
  if (at < 0 || widthOf(content) <= width) return cutMiddle(content, width)
  const [cid, name] = [content.slice(0, at), content.slice(content.lastIndexOf('/') + 1)]
  const room = width - widthOf(name) - 1
  return room >= 7 ? `${cutMiddle(cid, room)}/${name}` : cutMiddle(`…${name}`, width)
}

const number = (
  title: string,
  width: number,
  read: (one: LiveConnection) => number | null | undefined,
  show: (value: number | null | undefined) => string,
  tone?: Column['tone'],
): Column => ({ title, width, align: 'right', sortBy: read, text: (one) => show(read(one)), ...(tone && { tone }) })

const tones = { good: undefined, fair: 'warn', bad: 'bad' } as const

function figure(name: SampleFigure): Column {
  const { terse, unit, limits } = figureSpec(name)
  const read = ({ sample }: LiveConnection) => sample?.[name]
  const tone = (one: LiveConnection): Tone | undefined => {
    const known = toneOfFigure(name, read(one))
    return known ? tones[known] : 'dim'
  }
  const { show, width } = unitColumn(unit)
  return number(terse, Math.max(terse.length, width), read, show, limits && tone)
}

export const columns: Readonly<Record<ColumnName, Column>> = {
  id: { title: 'ID', width: 8, align: 'left', sortBy: ({ id }) => id, text: ({ id }) => id.slice(0, 8) },
  content: {
    title: 'CONTENT',
    width: 9,
    align: 'left',
    sortBy: ({ content }) => content,
    text: ({ content }) => content,
  },
  state: { title: 'STATE', width: 10, align: 'left', sortBy: stateText, text: stateText, tone: stateTone },
  quality: {
    title: 'QUALITY',
    width: 10,
    align: 'left',
    sortBy: ({ quality }) => quality,
    text: ({ quality, sentQuality }) => qualityText(quality, sentQuality),
  },
  rate: figure('bitrateBps'),
  loss: figure('lossRatio'),
  rtt: figure('roundTripMs'),
  buffer: figure('bufferS'),
  fps: figure('framesPerSecond'),
  health: number(
    figureSpec('health').terse,
    4,
    ({ health }) => health?.value,
    whole,
    (one) => scoreTone(one.health?.value, one),
  ),
  video: number(
    figureSpec('videoQuality').terse,
    3,
    ({ videoQuality }) => videoQuality?.value,
    whole,
    (one) => scoreTone(one.videoQuality?.value, one),
  ),
  viewer: {
    title: 'VIEW',
    width: 4,
    align: 'right',
    sortBy: ({ isReporting }) => Number(isReporting),
    text: viewerText,
    tone: (one) => (viewerText(one) === 'no' ? 'warn' : viewerText(one) === 'yes' ? undefined : 'dim'),
  },
  jitter: figure('jitterMs'),
  freezes: number('FREEZES', 7, ({ freezeCount }) => freezeCount, whole),
  first: number('FIRST', 5, ({ firstFrameMs }) => firstFrameMs, whole),
  age: {
    title: 'AGE',
    width: 7,
    align: 'right',
    sortBy: ({ createdAtMs }) => -createdAtMs,
    text: ({ createdAtMs, closedAtMs }, nowMs) => duration(((closedAtMs ?? nowMs) - createdAtMs) / 1000),
  },
  peer: { title: 'PEER', width: 21, align: 'left', sortBy: ({ peer }) => peer, text: ({ peer }) => peer ?? unknown },
}

/** What gives way first where the terminal is narrow. */
const leastWanted: readonly ColumnName[] = [
  'peer',
  'first',
  'freezes',
  'jitter',
  'age',
  'viewer',
  'fps',
  'quality',
  'buffer',
  'video',
  'rtt',
  'rate',
  'loss',
  'state',
]
/** Columns beyond the usual ones come only where the content is wide enough to be read. */
const extras = new Set<ColumnName>(['peer', 'first', 'freezes', 'jitter', 'age'])
const contentWanted = 28

export interface PlacedColumn extends Column {
  readonly name: ColumnName
}

/** The columns that have room in `width`, each with a blank before it; content takes what is left. */
export function placeColumns(width: number): PlacedColumn[] {
  const shown = new Set<ColumnName>(columnNames)
  const leftOver = () =>
    width - [...shown].reduce((sum, name) => sum + 1 + (name === 'content' ? 0 : columns[name].width), 0)
  for (const name of leastWanted) {
    if (leftOver() >= (extras.has(name) ? contentWanted : columns.content.width)) break
    shown.delete(name)
  }
  const content = Math.max(1, leftOver())
  return columnNames
    .filter((name) => shown.has(name))
    .map((name) => ({ ...columns[name], name, ...(name === 'content' && { width: content }) }))
}

/** What a cell shows, not yet fitted to its width but for the content, which is cut where it says the most. */
export const cellText = (column: PlacedColumn, connection: LiveConnection, nowMs: number): string =>
  column.name === 'content' ? contentText(connection.content, column.width) : column.text(connection, nowMs)
