// What the person chose, and what each action makes of it. Pure: what has to be done outside comes back as an effect.
import { type SampleFigure, sampleFigures } from '../model/figure-table.ts'
import type { Quality } from '../model/quality.ts'
import type { LiveConnection } from '../protocol/live.ts'
import type { ColumnName } from './columns.ts'
import type { Sort } from './rows.ts'

export const panes = ['chart', 'events', 'operations', 'tasks'] as const
export type Pane = (typeof panes)[number]

/** `close` and `quality` ask about `target`, whatever is selected meanwhile. */
export type Mode = 'browse' | 'filter' | 'close' | 'quality' | 'help'

export interface Notice {
  readonly text: string
  readonly isError: boolean
}

export interface Ui {
  readonly mode: Mode
  readonly selected?: string
  readonly target?: LiveConnection
  readonly choice: number
  /** As the server lists them where absent. */
  readonly sort?: Sort
  readonly filter: string
  readonly pane: Pane
  readonly metric: SampleFigure
  readonly isDetailed: boolean
  readonly isPaused: boolean
  readonly notice?: Notice
}

export const firstUi: Ui = {
  mode: 'browse',
  choice: 0,
  filter: '',
  pane: 'chart',
  metric: 'bitrateBps',
  isDetailed: false,
  isPaused: false,
}

export type Action =
  /** Rows down, or up where negative. */
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'page'; readonly by: number }
  | { readonly type: 'first' | 'last' }
  | { readonly type: 'sort' | 'reverse' | 'filter' | 'details' | 'pause' | 'metric' | 'pane' | 'help' | 'quit' }
  | { readonly type: 'askClose' | 'askQuality' | 'confirm' | 'back' }
  | { readonly type: 'type'; readonly text: string }
  | { readonly type: 'erase' }
  | { readonly type: 'notice'; readonly notice: Notice }

export type Effect =
  | { readonly type: 'quit' }
  | { readonly type: 'pause'; readonly isPaused: boolean }
  | { readonly type: 'close'; readonly id: string }
  | { readonly type: 'quality'; readonly id: string; readonly quality: Quality }

/** What is on the screen when an action comes. */
export interface View {
  /** Filtered and sorted. */
  readonly rows: readonly LiveConnection[]
  readonly pageRows: number
  readonly columns: readonly ColumnName[]
  /** Why connections cannot be changed here; undefined where they can. */
  readonly whyFixed?: string
}

/** In characters. */
const maxFilterLength = 100

/** The selected row, by its id or the beginning of it, or the first; -1 where there is none. */
export function selectedIndex({ selected }: Ui, rows: readonly LiveConnection[]): number {
  if (rows.length === 0) return -1
  const exact = rows.findIndex(({ id }) => id === selected)
  const begins = exact < 0 && selected ? rows.findIndex(({ id }) => id.startsWith(selected)) : exact
  return Math.max(0, begins)
}

export const choicesOf = (target: LiveConnection): Quality[] => [
  'auto',
  ...target.qualities.filter((name) => name !== 'fixed'),
]

export function reduce(before: Ui, action: Action, view: View): { readonly ui: Ui; readonly effect?: Effect } {
  const { notice: _, ...ui } = before
  switch (action.type) {
    case 'notice':
      return { ui: { ...ui, notice: action.notice } }
    case 'quit':
      return { ui, effect: { type: 'quit' } }
    case 'back':
      return { ui: back(ui) }
    case 'confirm':
      return confirm(ui)
    case 'type':
      return { ui: { ...ui, filter: [...ui.filter, ...action.text].slice(0, maxFilterLength).join('') } }
    case 'erase':
      return { ui: { ...ui, filter: [...ui.filter].slice(0, -1).join('') } }
    case 'pause':
      return {
        ui: { ...ui, isPaused: !ui.isPaused },
        effect: { type: 'pause', isPaused: !ui.isPaused },
      }
    default:
      return { ui: browse(ui, action, view) }
  }
}

function browse(ui: Ui, action: Action, view: View): Ui {
  switch (action.type) {
    case 'move':
      return ui.mode === 'quality'
        ? moveChoice(ui, action.by)
        : moveTo(ui, view, selectedIndex(ui, view.rows) + action.by)
    case 'page':
      return moveTo(ui, view, selectedIndex(ui, view.rows) + action.by * view.pageRows)
    case 'first':
      return moveTo(ui, view, 0)
    case 'last':
      return moveTo(ui, view, view.rows.length - 1)
    case 'sort':
      return nextSort(ui, view.columns)
    case 'reverse':
      return ui.sort ? { ...ui, sort: { ...ui.sort, isReversed: !ui.sort.isReversed } } : ui
    case 'filter':
      return { ...ui, mode: 'filter', isDetailed: false }
    case 'details':
      return { ...ui, isDetailed: view.rows.length > 0 && !ui.isDetailed }
    case 'metric':
      return { ...ui, metric: next(sampleFigures, ui.metric) }
    case 'pane':
      return { ...ui, pane: next(panes, ui.pane) }
    case 'help':
      return { ...ui, mode: 'help' }
    case 'askClose':
    case 'askQuality':
      return ask(ui, action.type === 'askClose' ? 'close' : 'quality', view)
    default:
      return ui
  }
}

const next = <T>(all: readonly T[], now: T): T => all[(all.indexOf(now) + 1) % all.length]!

function moveTo(ui: Ui, { rows }: View, index: number): Ui {
  const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
  return row ? { ...ui, selected: row.id } : ui
}

function moveChoice(ui: Ui, by: number): Ui {
  const last = ui.target ? choicesOf(ui.target).length - 1 : 0
  return { ...ui, choice: Math.max(0, Math.min(last, ui.choice + by)) }
}

/** Through the columns that are shown, then back to the order of the server. */
function nextSort({ sort, ...ui }: Ui, columns: readonly ColumnName[]): Ui {
  const column = columns[sort ? columns.indexOf(sort.column) + 1 : 0]
  return column ? { ...ui, sort: { column, isReversed: false } } : ui
}

function ask(ui: Ui, mode: 'close' | 'quality', { rows, whyFixed }: View): Ui {
  const target = rows[selectedIndex(ui, rows)]
  const refuse = (text: string): Ui => ({ ...ui, notice: { text, isError: true } })
  if (!target) return refuse('there is no connection')
  if (whyFixed) return refuse(whyFixed)
  if (target.state === 'closed') return refuse(`${target.id.slice(0, 8)} is closed already`)
  if (mode === 'close') return { ...ui, mode, target }
  if (target.qualities.length === 0) return refuse('this content has one rendition: its quality cannot change')
  return { ...ui, mode, target, choice: Math.max(0, choicesOf(target).indexOf(target.quality)) }
}

function back(ui: Ui): Ui {
  const { target: _, ...rest } = ui
  if (ui.mode === 'filter') return { ...rest, mode: 'browse', filter: '' }
  if (ui.mode !== 'browse') return { ...rest, mode: 'browse' }
  return ui.isDetailed ? { ...rest, isDetailed: false } : { ...rest, filter: '' }
}

function confirm(ui: Ui): { ui: Ui; effect?: Effect } {
  const { target, ...rest } = ui
  const done: Ui = { ...rest, mode: 'browse' }
  if (ui.mode === 'close' && target) return { ui: done, effect: { type: 'close', id: target.id } }
  const quality = target && choicesOf(target)[ui.choice]
  if (ui.mode === 'quality' && target && quality)
    return { ui: done, effect: { type: 'quality', id: target.id, quality } }
  return { ui: done }
}
