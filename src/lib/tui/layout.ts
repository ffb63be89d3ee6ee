// Which part of the screen gets how many lines and columns. The parts do not move as connections come and go.

export interface Layout {
  readonly columns: number
  readonly rows: number
  /** Connections that fit, besides the line of titles. */
  readonly tableRows: number
  /** Lines below the table, with the line of tabs; 0 where there is no room. */
  readonly lowerRows: number
  /** Chart and lists side by side. */
  readonly isWide: boolean
  readonly chartColumns: number
  readonly listColumns: number
}

const headerRows = 2
const footerRows = 1
const tableTitleRows = 1
const scoreRows = 2
const tabRows = 1
const wideColumns = 140
/** A chart with 5, 10 or 15 steps has round numbers at its axis. */
const lowerHeights = [15, 10, 5].map((steps) => tabRows + steps + 1 + scoreRows)
const mostOfBody = 0.45
/** A small terminal gives more of itself to the chart, while so many connections are left. */
const leastTableRows = 6

export function layoutOf(columns: number, rows: number): Layout {
  const body = Math.max(2, rows - headerRows - footerRows)
  const mostLower = Math.max(body * mostOfBody, Math.min(lowerHeights.at(-1)!, body - tableTitleRows - leastTableRows))
  const lowerRows = lowerHeights.find((height) => height <= mostLower) ?? 0
  const isWide = columns >= wideColumns
  const chartColumns = isWide ? Math.floor(columns / 2) : columns
  return {
    columns,
    rows,
    tableRows: Math.max(1, body - lowerRows - tableTitleRows),
    lowerRows,
    isWide,
    chartColumns,
    listColumns: isWide ? columns - chartColumns : columns,
  }
}
