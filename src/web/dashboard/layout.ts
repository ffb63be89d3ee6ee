// What of the dashboard is shown, where and how, as the browser remembers it. Whatever is stored that does not fit is left out.

/** The order of things and those that are hidden, by id. Things that it does not know come where they stand by default. */
export interface Arrangement {
  readonly order: readonly string[]
  readonly hidden: readonly string[]
}

export const themes = ['auto', 'light', 'dark'] as const
export const windowsMin = [1, 5, 15, 60] as const
export const pollsS = [1, 2, 5, 10] as const

export interface Layout {
  readonly theme: (typeof themes)[number]
  /** How far back the charts reach, in minutes. */
  readonly windowMin: (typeof windowsMin)[number]
  /** Seconds between two questions where there is no WebSocket. */
  readonly pollS: (typeof pollsS)[number]
  readonly sort: { readonly column: string; readonly isDescending: boolean }
  readonly panels: Arrangement
  readonly charts: Arrangement
  readonly columns: Arrangement
}

export const defaultLayout: Layout = {
  theme: 'auto',
  windowMin: 5,
  pollS: 2,
  sort: { column: 'since', isDescending: true },
  panels: { order: [], hidden: [] },
  charts: { order: [], hidden: [] },
  columns: { order: [], hidden: ['jitterMs', 'framesPerSecond', 'codecs', 'worker'] },
}

const maxIds = 100
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function idsOf(value: unknown, otherwise: readonly string[]): readonly string[] {
  if (!Array.isArray(value)) return otherwise
  const ids = value.filter((id): id is string => typeof id === 'string' && id.length <= 100)
  return [...new Set(ids)].slice(0, maxIds)
}

function arrangementOf(value: unknown, otherwise: Arrangement): Arrangement {
  if (!isRecord(value)) return otherwise
  return { order: idsOf(value.order, otherwise.order), hidden: idsOf(value.hidden, otherwise.hidden) }
}

const oneOf = <T>(values: readonly T[], value: unknown, otherwise: T): T =>
  values.find((one) => one === value) ?? otherwise

/** Understands what was stored; never throws. */
export function parseLayout(text: string | undefined): Layout {
  let raw: unknown
  try {
    raw = JSON.parse(text ?? '{}')
  } catch {
    return defaultLayout
  }
  if (!isRecord(raw)) return defaultLayout
  const sort = isRecord(raw.sort) && typeof raw.sort.column === 'string' ? raw.sort : defaultLayout.sort
  return {
    theme: oneOf(themes, raw.theme, defaultLayout.theme),
    windowMin: oneOf(windowsMin, raw.windowMin, defaultLayout.windowMin),
    pollS: oneOf(pollsS, raw.pollS, defaultLayout.pollS),
    sort: { column: String(sort.column), isDescending: sort.isDescending === true },
    panels: arrangementOf(raw.panels, defaultLayout.panels),
    charts: arrangementOf(raw.charts, defaultLayout.charts),
    columns: arrangementOf(raw.columns, defaultLayout.columns),
  }
}

export interface Placed {
  readonly id: string
  readonly isShown: boolean
}

/** All known things in their order. One that the order does not have comes after the one it follows by default. */
export function arrange({ order, hidden }: Arrangement, known: readonly string[]): readonly Placed[] {
  const ids = order.filter((id) => known.includes(id))
  for (const [at, id] of known.entries()) {
    if (ids.includes(id)) continue
    const before = at === 0 ? -1 : ids.indexOf(known[at - 1]!)
    ids.splice(before + 1, 0, id)
  }
  return ids.map((id) => ({ id, isShown: !hidden.includes(id) }))
}

export const shownIds = (arrangement: Arrangement, known: readonly string[]): readonly string[] =>
  arrange(arrangement, known).flatMap(({ id, isShown }) => (isShown ? [id] : []))

/** Those of the shown that take a whole row: the ones that always do, and any that would stand in a row of two alone. */
export function wideIds(shown: readonly string[], always: readonly string[]): ReadonlySet<string> {
  const wide = new Set(always)
  let half: string | undefined
  for (const id of shown) {
    if (!wide.has(id)) half = half === undefined ? id : undefined
    else if (half !== undefined) {
      wide.add(half)
      half = undefined
    }
  }
  return half === undefined ? wide : wide.add(half)
}

/** With one of the known things shown or hidden. */
export function withShown({ order, hidden }: Arrangement, id: string, isShown: boolean): Arrangement {
  const others = hidden.filter((other) => other !== id)
  return { order, hidden: isShown ? others : [...others, id] }
}

/** With one of the known things a place further up (-1) or down (1); at the end it stays. */
export function withMoved(arrangement: Arrangement, known: readonly string[], id: string, by: 1 | -1): Arrangement {
  const order = arrange(arrangement, known).map((one) => one.id)
  const [from, to] = [order.indexOf(id), order.indexOf(id) + by]
  if (from < 0 || to < 0 || to >= order.length) return arrangement
  ;[order[from], order[to]] = [order[to]!, order[from]!]
  // Things that are not there now (a panel of a plugin that is off) keep what was remembered.
  const absent = arrangement.order.filter((other) => !known.includes(other))
  return { order: [...order, ...absent].slice(0, maxIds), hidden: arrangement.hidden }
}
