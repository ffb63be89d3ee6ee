// The parts around the table: header, line of tabs, chart, scores, lists, help, footer.
import { Box, Text } from 'ink'
import { formatDurationS } from '../base/units.ts'
import type { SampleFigure } from '../model/figure-table.ts'
import type { LiveConnection, LiveSample, LiveState } from '../protocol/live.ts'
import { chartCapacity, chartLines } from './chart.ts'
import { scoreTone } from './columns.ts'
import { figureViews } from './format.ts'
import { keyHelp } from './keys.ts'
import { listLines, paneTitles } from './lists.ts'
import { cut, fitTo, widthOf } from './text.ts'
import { useTones } from './theme.ts'
import type { Pane } from './ui.ts'
import { type Said, scoreText } from './view.ts'

/** One line: what is said at the left, and at the right, which gives way last. */
export function Line({ left, right, width }: { left: Said; right: Said; width: number }) {
  const tones = useTones()
  const end = cut(right.text, width - 2)
  const room = Math.max(0, width - widthOf(end) - 3)
  return (
    <Text wrap="truncate">
      <Text {...tones(left.tone)}>{` ${fitTo(left.text, room)} `}</Text>
      <Text {...tones(right.tone)}>{end}</Text>
    </Text>
  )
}

/** A line of its own across, with tabs in it and a title at its end. */
export function Rule({
  tabs,
  active,
  title,
  width,
}: {
  tabs: readonly Pane[]
  active: Pane
  title: string
  width: number
}) {
  const taken = tabs.reduce((sum, pane) => sum + paneTitles[pane].length + 2, 1)
  const cutTitle = cut(title, Math.max(0, width - taken - 4))
  const said = cutTitle && ` ${cutTitle} `
  const blank = Math.max(0, width - taken - widthOf(said) - 1)
  return (
    <Text wrap="truncate">
      <Text dimColor>─</Text>
      {tabs.map((pane) => (
        <Text key={pane} bold={pane === active} inverse={pane === active} dimColor={pane !== active}>
          {` ${paneTitles[pane]} `}
        </Text>
      ))}
      <Text dimColor>{'─'.repeat(blank)}</Text>
      <Text>{said}</Text>
      <Text dimColor>─</Text>
    </Text>
  )
}

interface ChartProps {
  readonly samples: readonly LiveSample[]
  readonly metric: SampleFigure
  readonly width: number
  readonly height: number
}

export function Chart({ samples, metric, width, height }: ChartProps) {
  const tones = useTones()
  const values = samples.map((sample) => sample[metric])
  const lines = chartLines(values, metric, { width: width - 2, height })
  return (
    <Box flexDirection="column" height={Math.max(0, height)} flexShrink={0} overflow="hidden">
      {lines.length === 0 && <Text dimColor>{`\n  ${figureViews[metric].title}: not measured yet`}</Text>}
      {lines.map(({ label, line }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of the chart is its place.
        <Text key={at} wrap="truncate">
          <Text dimColor>{` ${label}`}</Text>
          <Text {...tones('accent')}>{line}</Text>
        </Text>
      ))}
    </Box>
  )
}

/** `bitrate 2.41 Mbit/s, last 1:40` of what the chart shows. */
export function chartTitle(samples: readonly LiveSample[], metric: SampleFigure, width: number): string {
  const { title, say } = figureViews[metric]
  const shown = samples.slice(-chartCapacity(width - 2))
  const [first, last] = [shown[0], shown.at(-1)]
  const span =
    first && last && last.atMs > first.atMs ? `, last ${formatDurationS((last.atMs - first.atMs) / 1000)}` : ''
  return `${title} ${say(last?.[metric])}${span}`
}

/** Both scores of a connection, with why. */
export function Scores({ connection }: { connection: LiveConnection | undefined }) {
  const tones = useTones()
  const scores = connection
    ? ([
        ['health', connection.health, connection],
        ['video', connection.videoQuality, connection],
      ] as const)
    : []
  return (
    <Box flexDirection="column" height={2} flexShrink={0}>
      {scores.map(([name, score, of]) => (
        <Text key={name} wrap="truncate">
          <Text dimColor>{` ${name.padEnd(7)}`}</Text>
          <Text {...tones(scoreTone(score?.value, of))}>{scoreText(score)}</Text>
        </Text>
      ))}
    </Box>
  )
}

interface ListProps {
  readonly state: LiveState
  readonly pane: Exclude<Pane, 'chart'>
  readonly height: number
}

export function List({ state, pane, height }: ListProps) {
  const tones = useTones()
  const lines = listLines(state, pane, height)
  return (
    <Box flexDirection="column" height={Math.max(0, height)} flexShrink={0} overflow="hidden">
      {lines.length === 0 && <Text dimColor>{`\n  no ${pane} yet`}</Text>}
      {lines.map(({ text, tone }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name of their own.
        <Text key={at} wrap="truncate" {...tones(tone)}>{` ${text}`}</Text>
      ))}
    </Box>
  )
}

export function Help({ height }: { height: number }) {
  return (
    <Box flexDirection="column" height={height} flexShrink={0} overflow="hidden" paddingTop={1}>
      {keyHelp.map(([keys, does]) => (
        <Text key={keys} wrap="truncate">
          <Text bold>{`  ${fitTo(keys, 15)}`}</Text>
          {does}
        </Text>
      ))}
      <Text> </Text>
      <Text dimColor wrap="truncate">
        {'  – not known   RATE bit/s   RTT JITTER FIRST ms   BUF s'}
      </Text>
      <Text dimColor wrap="truncate">
        {'  HLTH VID scores, 0–100   VIEW the viewer tells what it sees'}
      </Text>
    </Box>
  )
}
