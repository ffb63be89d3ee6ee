// The connections as a table: as many as fit, the selected one among them.
import { Box, Text } from 'ink'
import { useRef } from 'react'
import type { LiveConnection } from '../protocol/live.ts'
import { cellText, type PlacedColumn } from './columns.ts'
import { type Sort, windowStart } from './rows.ts'
import { fitTo } from './text.ts'
import { type Tone, useTones } from './theme.ts'

interface TableProps {
  readonly columns: readonly PlacedColumn[]
  readonly rows: readonly LiveConnection[]
  /** -1 where there is none. */
  readonly selected: number
  readonly size: number
  readonly nowMs: number
  readonly sort: Sort | undefined
  /** Shown in place of rows where there are none. */
  readonly empty: string
}

export function Table({ columns, rows, selected, size, nowMs, sort, empty }: TableProps) {
  const start = useRef(0)
  start.current = windowStart(start.current, selected, rows.length, size)
  const shown = rows.slice(start.current, start.current + size)
  return (
    <Box flexDirection="column" height={size + 1} flexShrink={0}>
      <Titles columns={columns} sort={sort} />
      {rows.length === 0 && <Text dimColor wrap="truncate">{`\n  ${empty}`}</Text>}
      {shown.map((row, at) => (
        <Row
          key={row.id}
          columns={columns}
          row={row}
          nowMs={nowMs}
          isSelected={start.current + at === selected}
          hidesMore={(at === 0 && start.current > 0) || (at === size - 1 && start.current + size < rows.length)}
        />
      ))}
    </Box>
  )
}

function Titles({ columns, sort }: Pick<TableProps, 'columns' | 'sort'>) {
  return (
    <Text wrap="truncate">
      {columns.map(({ name, title, width, align }) => (
        <Text
          key={name}
          bold={name === sort?.column}
          underline={name === sort?.column}
          dimColor={name !== sort?.column}
        >
          {` ${fitTo(title, width, align)}`}
        </Text>
      ))}
    </Text>
  )
}

/** The figures of a closed connection are those it had last. */
const toneOf = (column: PlacedColumn, row: LiveConnection): Tone | undefined => {
  const tone = column.tone?.(row)
  return row.state === 'closed' && tone !== 'bad' ? 'dim' : tone
}

interface RowProps {
  readonly columns: readonly PlacedColumn[]
  readonly row: LiveConnection
  readonly nowMs: number
  readonly isSelected: boolean
  /** The first or last that fits while there are more beyond. */
  readonly hidesMore: boolean
}

function Row({ columns, row, nowMs, isSelected, hidesMore }: RowProps) {
  const tones = useTones()
  return (
    <Text wrap="truncate" inverse={isSelected}>
      {isSelected ? '▸' : hidesMore ? '⋮' : ' '}
      {columns.map((column, at) => (
        <Text key={column.name} {...(isSelected ? {} : tones(toneOf(column, row)))}>
          {(at > 0 ? ' ' : '') + fitTo(cellText(column, row, nowMs), column.width, column.align)}
        </Text>
      ))}
    </Text>
  )
}
