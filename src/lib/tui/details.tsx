// Everything of one connection: fields, scores with their reasons, a chart, its last events.
import { Box, Text } from 'ink'
import type { SampleFigure } from '../model/figure-table.ts'
import type { LiveConnection, LiveSample, LiveState } from '../protocol/live.ts'
import { listLines } from './lists.ts'
import { Chart, chartTitle, Scores } from './parts.tsx'
import { cut, cutMiddle, fitTo } from './text.ts'
import { useTones } from './theme.ts'
import { fieldsOf } from './view.ts'

interface DetailsProps {
  readonly state: LiveState
  readonly connection: LiveConnection
  readonly samples: readonly LiveSample[]
  readonly metric: SampleFigure
  readonly width: number
  readonly height: number
}

const nameWidth = 13
const usualColumnWidth = 40
/** In so many columns two fields are cut sooner than one of them is left out. */
const leastForTwo = 60
const leastChartRows = 4
const eventRows = 3

export function Details({ state, connection, samples, metric, width, height }: DetailsProps) {
  const tones = useTones()
  const { id, content, error } = connection
  const perLine = Math.max(width < leastForTwo ? 1 : 2, Math.floor(width / usualColumnWidth))
  const columnWidth = Math.floor(width / perLine)
  const fields = fieldsOf(connection)
  // id and content, the error, scores
  const around = 2 + (error ? 1 : 0) + 2
  const lines = Math.min(Math.ceil(fields.length / perLine), Math.max(0, height - around))
  // and the title of the chart
  const taken = around + lines + 1
  const events = height - taken >= leastChartRows + eventRows + 6 ? eventRows : 0
  const chartRows = height - taken - (events > 0 ? events + 1 : 0)
  const own = { ...state, events: state.events.filter(({ connectionId }) => connectionId === id) }
  return (
    <Box flexDirection="column" height={height} flexShrink={0} overflow="hidden">
      <Text bold wrap="truncate">{` ${cut(id, width - 2)}`}</Text>
      <Text wrap="truncate">{` ${cutMiddle(content, width - 2)}`}</Text>
      {error && <Text wrap="truncate" {...tones('bad')}>{` ${error.code}: ${error.message}`}</Text>}
      {Array.from({ length: lines }, (_, line) => fields.slice(line * perLine, (line + 1) * perLine)).map((some) => (
        <Text key={some[0]![0]} wrap="truncate">
          {some.map(([name, value]) => (
            <Text key={name}>
              <Text dimColor>{` ${fitTo(name, nameWidth)}`}</Text>
              {fitTo(value, columnWidth - nameWidth - 1)}
            </Text>
          ))}
        </Text>
      ))}
      <Scores connection={connection} />
      {chartRows >= leastChartRows && (
        <>
          <Text bold wrap="truncate">{` ${chartTitle(samples, metric, width)}`}</Text>
          <Chart samples={samples} metric={metric} width={width} height={chartRows} />
        </>
      )}
      {events > 0 &&
        listLines(own, 'events', events).map(({ text }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name of their own.
          <Text key={at} dimColor={at > 0} wrap="truncate">{` ${text}`}</Text>
        ))}
    </Box>
  )
}
