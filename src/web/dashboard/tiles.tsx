// The numbers at the top: how many watch, how well, and how the server is.
import type { LiveState } from '../../lib/protocol/live.ts'
import { formatBitrate } from '../shared/format.ts'
import { type Tone, toneOfScore, unknownText } from './figures.ts'
import { totalsOf } from './summary.ts'
import { shortSpanText } from './words.ts'

interface TileProps {
  readonly label: string
  readonly value: string | number
  readonly note: string
  readonly tone?: Tone | undefined
  /** Of the note alone. */
  readonly noteTone?: Tone | undefined
}

function Tile({ label, value, note, tone, noteTone }: TileProps) {
  return (
    <div class={tone ? `tile ${tone}` : 'tile'}>
      <dt>{label}</dt>
      <dd class="tile-value">{value}</dd>
      <dd class={noteTone ?? 'quiet'}>{note}</dd>
    </div>
  )
}

function scoreTile(label: string, score: ReturnType<typeof totalsOf>['health'], watching: number): TileProps {
  const { lowest, median, unknown } = score
  if (watching === 0) return { label, value: '–', note: 'nobody watches' }
  if (lowest === undefined) return { label, value: unknownText, note: `of all ${watching}`, tone: 'unknown' }
  const note = [`median ${Math.round(median!)}`, unknown > 0 && `${unknown} unknown`].filter(Boolean).join(' · ')
  return { label, value: Math.round(lowest), note, tone: toneOfScore(lowest) }
}

export function Tiles({ state }: { state: LiveState }) {
  const { summary, server, atMs } = state
  const totals = totalsOf(state)
  const { operations, connections } = summary
  const loopDelay = totals.loopDelayMs
  const tiles: readonly TileProps[] = [
    {
      label: 'Watching',
      value: totals.watching,
      note: `${totals.waiting} waiting${totals.cutOff > 0 ? ` · ${totals.cutOff} disconnected` : ''}`,
    },
    {
      label: 'Sending',
      value: totals.measured > 0 ? formatBitrate(totals.bitrateBps) : totals.watching > 0 ? unknownText : '–',
      note:
        totals.watching === 0
          ? 'nobody watches'
          : totals.measured === totals.watching
            ? 'to all viewers'
            : `to ${totals.measured} of ${totals.watching}`,
    },
    scoreTile('Worst health', totals.health, totals.watching),
    scoreTile('Worst video', totals.videoQuality, totals.watching),
    {
      label: 'Not reporting',
      value: totals.silent,
      note:
        totals.silent > 0
          ? 'what they see is not known'
          : totals.watching > 0
            ? 'every viewer reports'
            : 'nobody watches',
      tone: totals.silent > 0 ? 'fair' : undefined,
    },
    {
      label: 'Failed',
      value: connections.failed,
      note: `connections · ${operations.failed} operations`,
      tone: connections.failed > 0 ? 'bad' : undefined,
    },
    {
      label: 'Tasks',
      value: summary.pendingTasks,
      note: operations.started > 0 ? `running · ${operations.started} operations` : 'running',
    },
    {
      label: 'Server up',
      value: shortSpanText(atMs - server.startedAtMs),
      note: loopDelay === undefined ? `mcpx ${server.version}` : `loop p99 ${loopDelay.toFixed(0)} ms`,
      noteTone: loopDelay !== undefined && loopDelay >= 50 ? 'fair' : undefined,
    },
  ]
  return (
    <dl class="tiles" aria-label="Summary">
      {tiles.map((tile) => (
        <Tile key={tile.label} {...tile} />
      ))}
    </dl>
  )
}
