// What a panel of a plugin gives to the dashboard: data, never code. Read by the page, which takes nothing else.

export interface PanelInfo {
  /** `<plugin>.<panel>`. */
  readonly id: string
  readonly title: string
  /** Path on this server that answers with PanelData. */
  readonly url: string
}

type PanelValue = string | number | boolean | null

export interface PanelRows {
  readonly rows: readonly (readonly [label: string, value: PanelValue])[]
}

export interface PanelSeries {
  readonly series: readonly {
    readonly label: string
    readonly unit?: string
    /** Oldest first; null where nothing is known. */
    readonly points: readonly (readonly [atMs: number, value: number | null])[]
  }[]
}

export type PanelData = PanelRows | PanelSeries

/** More is left out. */
export const panelLimits = { rows: 200, series: 8, points: 2000, text: 500 } as const

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textOf = (value: unknown) => String(value).slice(0, panelLimits.text)

function cellOf(value: unknown): PanelValue {
  if (value === null || value === undefined) return null
  return typeof value === 'number' || typeof value === 'boolean'
    ? value
    : typeof value === 'string'
      ? textOf(value)
      : null
}

const isPoint = (point: unknown): point is [number, number | null] =>
  Array.isArray(point) && Number.isFinite(point[0]) && (point[1] === null || Number.isFinite(point[1]))

/** Undefined for anything that is no data of a panel; single values that are wrong are left out. */
export function parsePanelData(raw: unknown): PanelData | undefined {
  if (!isRecord(raw)) return undefined
  if (Array.isArray(raw.rows)) {
    const rows = raw.rows.filter((row): row is [string, unknown] => Array.isArray(row) && typeof row[0] === 'string')
    return { rows: rows.slice(0, panelLimits.rows).map(([label, value]) => [textOf(label), cellOf(value)] as const) }
  }
  if (!Array.isArray(raw.series)) return undefined
  const series = raw.series.filter(
    (one): one is Record<string, unknown> =>
      isRecord(one) && typeof one.label === 'string' && Array.isArray(one.points),
  )
  return {
    series: series.slice(0, panelLimits.series).map(({ label, unit, points }) => ({
      label: textOf(label),
      ...(typeof unit === 'string' && { unit: unit.slice(0, 20) }),
      points: (points as unknown[])
        .filter(isPoint)
        .slice(-panelLimits.points)
        .map(([atMs, value]) => [atMs, value] as const)
        .sort(([a], [b]) => a - b),
    })),
  }
}
