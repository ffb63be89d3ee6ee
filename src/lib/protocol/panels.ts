// What a panel of a plugin gives to the dashboard: data, never code. The page reads it by `parsePanelData` and takes nothing else.
import { isOwnPath } from './routes.ts'

export interface PanelInfo {
  /** `<plugin>.<panel>`. */
  readonly id: string
  readonly title: string
  /** Path on this server that answers with PanelData. */
  readonly url: string
  /** Seconds between two questions. */
  readonly everyS: number
}

export type PanelValue = string | number | boolean | null

/** Single values, each with its name. */
export interface PanelFigures {
  readonly figures: readonly {
    readonly label: string
    /** null where it is not known. */
    readonly value: PanelValue
    readonly unit?: string
    /** A few words below the value. */
    readonly note?: string
  }[]
}

/** Values over time, as one chart. */
export interface PanelSeries {
  readonly series: readonly {
    readonly label: string
    readonly unit?: string
    /** Milliseconds since the epoch, oldest first; the value is null where nothing is known. */
    readonly points: readonly (readonly [atMs: number, value: number | null])[]
  }[]
}

export interface PanelTable {
  readonly columns: readonly string[]
  /** Cells in the order of the columns. */
  readonly rows: readonly (readonly PanelValue[])[]
}

export type PanelData = PanelFigures | PanelSeries | PanelTable

/** More is left out, longer texts are cut. */
export const panelLimits = {
  figures: 60,
  series: 8,
  points: 2000,
  rows: 200,
  columns: 20,
  text: 500,
  unit: 20,
} as const

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textOf = (text: string, limit: number = panelLimits.text) => text.slice(0, limit)
const optionalText = (name: string, value: unknown, limit?: number) =>
  typeof value === 'string' && value !== '' ? { [name]: textOf(value, limit) } : {}

function cellOf(value: unknown): PanelValue {
  if (typeof value === 'string') return textOf(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return typeof value === 'boolean' ? value : null
}

const labelled = (list: readonly unknown[], limit: number) =>
  list
    .filter((one): one is Record<string, unknown> & { label: string } => isRecord(one) && typeof one.label === 'string')
    .slice(0, limit)

const isPoint = (point: unknown): point is [number, number | null] =>
  Array.isArray(point) && Number.isFinite(point[0]) && (point[1] === null || Number.isFinite(point[1]))

const figuresOf = (list: readonly unknown[]): PanelFigures => ({
  figures: labelled(list, panelLimits.figures).map(({ label, value, unit, note }) => ({
    label: textOf(label),
    value: cellOf(value),
    ...optionalText('unit', unit, panelLimits.unit),
    ...optionalText('note', note),
  })),
})

const seriesOf = (list: readonly unknown[]): PanelSeries => ({
  series: labelled(list, panelLimits.series).map(({ label, unit, points }) => ({
    label: textOf(label),
    ...optionalText('unit', unit, panelLimits.unit),
    points: (Array.isArray(points) ? points : [])
      .filter(isPoint)
      .slice(-panelLimits.points)
      .map(([atMs, value]) => [atMs, value] as const)
      .sort(([a], [b]) => a - b),
  })),
})

function tableOf(columns: readonly unknown[], rows: readonly unknown[]): PanelTable {
  const heads = columns.slice(0, panelLimits.columns).map((name) => textOf(typeof name === 'string' ? name : ''))
  return {
    columns: heads,
    rows: rows
      .filter((row) => Array.isArray(row))
      .slice(0, panelLimits.rows)
      .map((row: readonly unknown[]) => heads.map((_, at) => cellOf(row[at]))),
  }
}

/** Undefined for anything that is no data of a panel; what is wrong inside is left out or unknown (null). Never throws. */
export function parsePanelData(raw: unknown): PanelData | undefined {
  if (!isRecord(raw)) return undefined
  if (Array.isArray(raw.figures)) return figuresOf(raw.figures)
  if (Array.isArray(raw.series)) return seriesOf(raw.series)
  return Array.isArray(raw.columns) && Array.isArray(raw.rows) ? tableOf(raw.columns, raw.rows) : undefined
}

/** The panels in the answer of `routes.webrtc.panels`; those that lead anywhere else than to this server are left out. */
export function parsePanelList(raw: unknown): PanelInfo[] {
  const list = isRecord(raw) && Array.isArray(raw.panels) ? raw.panels : []
  return list.filter(
    (one): one is PanelInfo =>
      isRecord(one) &&
      typeof one.id === 'string' &&
      typeof one.title === 'string' &&
      typeof one.url === 'string' &&
      isOwnPath(one.url) &&
      typeof one.everyS === 'number' &&
      one.everyS >= 1,
  )
}
