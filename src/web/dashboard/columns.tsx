// The columns of the table of connections: how each is written, sorted and headed.
import type { ComponentChildren } from 'preact'
import type { LiveConnection } from '../../lib/protocol/live.ts'
import { formatCodec, formatTime, shortContent } from '../shared/format.ts'
import { isSilent, isWatched, type SortValue, stateOf } from './connection-view.ts'
import { alarmOf, type FigureId, figureIds, figures, formatFigure } from './figures.ts'
import { Pill, ScoreText } from './parts.tsx'
import { clockText, plainName } from './words.ts'

export interface Column {
  readonly label: string
  readonly isNumber?: boolean
  /** What it is sorted by. */
  readonly value: (one: LiveConnection) => SortValue
  readonly cell: (one: LiveConnection) => ComponentChildren
}

function figureColumn(id: FigureId): Column {
  return {
    label: figures[id].short,
    isNumber: true,
    value: ({ sample }) => sample?.[id],
    cell: (one) => {
      const value = one.sample?.[id]
      return <span class={isWatched(one) ? alarmOf(id, value) : 'quiet'}>{formatFigure(id, value)}</span>
    },
  }
}

const stateRank = ['waiting', 'connecting', 'active', 'ended', 'closed']

export const columns: Readonly<Record<string, Column>> = {
  state: {
    label: 'State',
    value: (one) => stateRank.indexOf(one.state),
    cell: (one) => {
      const { word, tone } = stateOf(one)
      return (
        <span class="states">
          <Pill tone={tone}>{word}</Pill>
          {isSilent(one) && <Pill tone="unknown">not reporting</Pill>}
        </span>
      )
    },
  },
  peer: {
    label: 'Viewer',
    value: ({ peer }) => peer,
    cell: ({ peer }) => (
      <bdi class="peer" title={peer}>
        {peer ?? '–'}
      </bdi>
    ),
  },
  health: {
    label: 'Health',
    isNumber: true,
    value: ({ health }) => health?.value,
    cell: (one) => <ScoreText value={one.health?.value} isOld={!isWatched(one)} isSilent={isSilent(one)} />,
  },
  videoQuality: {
    label: 'Video',
    isNumber: true,
    value: (one) => one.videoQuality?.value,
    cell: (one) => <ScoreText value={one.videoQuality?.value} isOld={!isWatched(one)} isSilent={isSilent(one)} />,
  },
  ...Object.fromEntries(figureIds.filter((id) => !figures[id].isScore).map((id) => [id, figureColumn(id)])),
  quality: {
    label: 'Quality',
    value: ({ sentQuality, quality }) => sentQuality ?? quality,
    cell: ({ sentQuality, quality }) =>
      sentQuality === undefined || sentQuality === quality
        ? plainName(quality)
        : `${plainName(sentQuality)}${quality === 'auto' ? ' (auto)' : ''}`,
  },
  codecs: { label: 'Codecs', value: (one) => one.codecs.join(), cell: (one) => one.codecs.map(formatCodec).join(', ') },
  position: {
    label: 'Position',
    isNumber: true,
    value: ({ mediaTimeS }) => mediaTimeS,
    cell: ({ mediaTimeS, durationS }) =>
      durationS > 0 ? `${formatTime(mediaTimeS)} / ${formatTime(durationS)}` : formatTime(mediaTimeS),
  },
  worker: { label: 'Worker', isNumber: true, value: ({ worker }) => worker, cell: ({ worker }) => worker ?? '–' },
  since: {
    label: 'Since',
    isNumber: true,
    value: ({ createdAtMs }) => createdAtMs,
    cell: ({ createdAtMs }) => clockText(createdAtMs),
  },
}

export const columnIds = Object.keys(columns)

/** The head of each row: always there. */
export const contentColumn: Column = {
  label: 'Content',
  value: ({ content }) => content,
  cell: ({ content }) => shortContent(content),
}
