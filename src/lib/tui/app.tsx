// The whole screen: what the feed shows, laid out for the size of the terminal, and what keys make of it.
import { Box, Text, useApp, useInput, usePaste, useStdin, useWindowSize } from 'ink'
import { useCallback, useRef, useState, useSyncExternalStore } from 'react'
import { toMcpxError } from '../base/errors.ts'
import { plainText } from '../base/plain-text.ts'
import type { Quality } from '../model/quality.ts'
import type { LiveConnection, LiveState } from '../protocol/live.ts'
import { placeColumns } from './columns.ts'
import { Details } from './details.tsx'
import type { Feed } from './feed.ts'
import { eachKey, toAction } from './keys.ts'
import { type Layout, layoutOf } from './layout.ts'
import { Chart, chartTitle, Help, Line, List, Rule, Scores } from './parts.tsx'
import { filterRows, sortRows } from './rows.ts'
import { Table } from './table.tsx'
import { useTones } from './theme.ts'
import { type Action, type Effect, firstUi, type Pane, panes, reduce, selectedIndex, type Ui } from './ui.ts'
import { countsText, footerText, linkText, orderText, type Said, serverText } from './view.ts'

/** What the keys can do to a server; absent where it is a recorded stretch. */
export interface Controls {
  close(id: string): Promise<void>
  setQuality(id: string, quality: Quality): Promise<void>
}

export interface AppProps {
  readonly feed: Feed
  /** Address of the server, or the folder that is replayed. */
  readonly name: string
  readonly controls?: Controls
  /** Holds what is replayed; without it only the display is held. */
  pause?(isPaused: boolean): void
  /** Connection to begin with, or the beginning of its id. */
  readonly connection?: string
}

const listPanes = panes.filter((pane) => pane !== 'chart')

export function App({ feed, name, controls, pause, connection }: AppProps) {
  const shown = useSyncExternalStore(feed.subscribe, feed.get)
  const { columns, rows: lines } = useWindowSize()
  const held = useRef<LiveState | undefined>(undefined)
  const latest = useRef<Ui>({ ...firstUi, ...(connection !== undefined && { selected: connection }) })
  const [ui, setUi] = useState(latest.current)
  const { exit } = useApp()

  const state = held.current ?? shown.state
  const layout = layoutOf(columns, lines)
  const placed = placeColumns(columns)
  const rowsOf = (now: Ui) => (state ? sortRows(filterRows(state.connections, now.filter), now.sort) : [])

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'quit':
        exit()
        break
      case 'pause':
        if (pause) pause(effect.isPaused)
        else held.current = effect.isPaused ? shown.state : undefined
        break
      case 'close':
        say(controls?.close(effect.id), `closed ${effect.id.slice(0, 8)}`)
        break
      case 'quality':
        say(controls?.setQuality(effect.id, effect.quality), `${effect.id.slice(0, 8)} asked for ${effect.quality}`)
    }
  }

  function say(work: Promise<void> | undefined, done: string): void {
    work?.then(
      () => act({ type: 'notice', notice: { text: done, isError: false } }),
      (thrown) => act({ type: 'notice', notice: { text: plainText(toMcpxError(thrown).message), isError: true } }),
    )
  }

  function act(action: Action): void {
    const { ui: next, effect } = reduce(latest.current, action, {
      rows: rowsOf(latest.current),
      pageRows: layout.tableRows,
      columns: placed.map((column) => column.name),
      ...(!controls && { whyFixed: 'what was recorded cannot be changed' }),
    })
    latest.current = next
    if (effect) perform(effect)
    setUi(next)
  }

  useKeys(() => latest.current, act)
  const rows = rowsOf(ui)
  const selected = selectedIndex(ui, rows)
  return (
    <Box flexDirection="column" width={columns} height={lines} overflow="hidden">
      <Header shown={shown} state={state} name={name} ui={ui} width={columns} isHeld={held.current !== undefined} />
      {state ? (
        <Body {...{ feed, state, ui, layout, rows, selected, placed }} />
      ) : (
        <Box height={Math.max(1, lines - 3)} flexShrink={0} />
      )}
      <Footer said={footerText(ui, { hasPanes: layout.lowerRows > 0, canChange: controls !== undefined })} />
    </Box>
  )
}

function useKeys(now: () => Ui, act: (action: Action) => void): void {
  const { isRawModeSupported } = useStdin()
  const handlers = useRef({ now, act })
  handlers.current = { now, act }
  const onInput = useCallback((input: string, key: Parameters<typeof eachKey>[1]) => {
    for (const one of eachKey(input, key)) {
      const action = toAction(handlers.current.now().mode, ...one)
      if (action) handlers.current.act(action)
    }
  }, [])
  useInput(onInput, { isActive: isRawModeSupported })
  usePaste(
    (text) => {
      if (now().mode === 'filter') act({ type: 'type', text: plainText(text) })
    },
    { isActive: isRawModeSupported },
  )
}

interface HeaderProps {
  readonly shown: ReturnType<Feed['get']>
  readonly state: LiveState | undefined
  readonly name: string
  readonly ui: Ui
  readonly width: number
  readonly isHeld: boolean
}

function Header({ shown, state, name, ui, width, isHeld }: HeaderProps) {
  const isReplay = shown.link.kind === 'replay'
  const about = state && !isReplay && shown.link.kind !== 'gone' ? `  ${serverText(state)}` : ''
  return (
    <Box flexDirection="column" height={2} flexShrink={0}>
      <Line left={{ text: plainText(name) + about }} right={linkText(shown.link, state?.atMs, isHeld)} width={width} />
      <Line
        left={{ text: state ? countsText(state) : '', tone: 'dim' }}
        right={{ text: orderText(ui), tone: 'accent' }}
        width={width}
      />
    </Box>
  )
}

interface BodyProps {
  readonly feed: Feed
  readonly state: LiveState
  readonly ui: Ui
  readonly layout: Layout
  readonly rows: readonly LiveConnection[]
  readonly selected: number
  readonly placed: ReturnType<typeof placeColumns>
}

function Body(props: BodyProps) {
  const { feed, state, ui, layout, rows, selected, placed } = props
  const height = Math.max(1, layout.rows - 3)
  const connection = rows[selected]
  if (ui.mode === 'help') return <Help height={height} />
  if (ui.isDetailed && connection) {
    const samples = feed.trails.of(connection.id, state.atMs)
    return <Details {...{ state, connection, samples, height }} metric={ui.metric} width={layout.columns} />
  }
  const empty = ui.filter ? `nothing matches "${ui.filter}"` : 'no connections: nobody watches'
  return (
    <>
      <Table
        columns={placed}
        rows={rows}
        selected={selected}
        size={layout.tableRows}
        nowMs={state.atMs}
        sort={ui.sort}
        empty={empty}
      />
      {layout.lowerRows > 0 && <Lower {...props} connection={connection} />}
    </>
  )
}

function Lower({ feed, state, ui, layout, connection }: BodyProps & { connection: LiveConnection | undefined }) {
  const { lowerRows, isWide, chartColumns, listColumns } = layout
  const samples = connection ? feed.trails.of(connection.id, state.atMs) : []
  const title = connection ? `${connection.id.slice(0, 8)}  ${chartTitle(samples, ui.metric, chartColumns)}` : ''
  const height = lowerRows - 1
  const list = ui.pane === 'chart' ? 'events' : ui.pane
  const chart = (tabs: readonly Pane[]) => (
    <Box flexDirection="column" width={chartColumns} height={lowerRows} flexShrink={0}>
      <Rule tabs={tabs} active="chart" title={title} width={chartColumns} />
      {connection && <Chart samples={samples} metric={ui.metric} width={chartColumns} height={height - 2} />}
      <Scores connection={connection} />
    </Box>
  )
  const lists = (tabs: readonly Pane[]) => (
    <Box flexDirection="column" width={listColumns} height={lowerRows} flexShrink={0}>
      <Rule tabs={tabs} active={list} title="" width={listColumns} />
      <List state={state} pane={list} height={height} />
    </Box>
  )
  if (!isWide) return ui.pane === 'chart' ? chart(panes) : lists(panes)
  return (
    <Box height={lowerRows} flexShrink={0}>
      {chart(['chart'])}
      {lists(listPanes)}
    </Box>
  )
}

function Footer({ said: { text, tone } }: { said: Said }) {
  const tones = useTones()
  return (
    <Box height={1} flexShrink={0}>
      <Text wrap="truncate" {...tones(tone)} bold={tone !== 'dim'}>{` ${text}`}</Text>
    </Box>
  )
}
