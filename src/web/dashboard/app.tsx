// The dashboard: everything the monitor knows, as it happens, and what an operator can do about it.
import { useCallback, useEffect, useState } from 'preact/hooks'
import { TokenForm } from '../shared/token-form.tsx'
import { closeAll, closeStream, type Outcome, startSample, testConnection } from './api.ts'
import { columnIds } from './columns.tsx'
import { isOpen } from './connection-view.ts'
import { ConnectionsPanel } from './connections-panel.tsx'
import { DetailPanel } from './detail-panel.tsx'
import { ConfirmDialog } from './dialog.tsx'
import { type FigureId, figureIds } from './figures.ts'
import { Actions, Head, Notices } from './head.tsx'
import { useLayout, useLive, useNotices, useSelection } from './hooks.ts'
import { shownIds, wideIds } from './layout.ts'
import { EventsPanel, OperationsPanel, TasksPanel, WorkersPanel } from './log-panels.tsx'
import { PluginPanel } from './plugin-panel.tsx'
import { usePluginPanels } from './plugin-panels.ts'
import { SettingsDialog } from './settings-dialog.tsx'
import { StartDialog } from './start-dialog.tsx'
import { Tiles } from './tiles.tsx'

const ownPanels = [
  ['summary', 'Summary'],
  ['connections', 'Connections'],
  ['details', 'Selected connection'],
  ['operations', 'Operations'],
  ['events', 'Events'],
  ['tasks', 'Tasks'],
  ['workers', 'Media workers'],
] as const

/** As broad as the page; the others stand in two columns. */
const alwaysWide = ['summary', 'connections', 'details']

type Open = 'start' | 'settings' | 'close-all' | undefined

export function App({ base }: { base: string }) {
  const [layout, changeLayout] = useLayout()
  const [selected, select] = useSelection()
  const { status, state, samples, restart } = useLive({ base, pollMs: layout.pollS * 1000, selected })
  const plugged = usePluginPanels(base, status.kind === 'live' || status.kind === 'polling')
  const { notices, tell, dismiss } = useNotices()
  const [open, setOpen] = useState<Open>()
  const [isTesting, setTesting] = useState(false)

  const close = useCallback(async (id: string) => tell(await closeStream(base, id)), [base])
  const choose = useCallback((id: string | undefined) => {
    select(id)
    if (id !== undefined)
      requestAnimationFrame(() => document.getElementById('panel-details')?.scrollIntoView({ block: 'nearest' }))
  }, [])
  const test = async (what: (base: string) => Promise<Outcome>) => {
    setTesting(true)
    const outcome = await what(base)
    setTesting(false)
    tell(outcome)
    if (outcome.isDone && outcome.connectionId) choose(outcome.connectionId)
  }

  const connections = state?.connections ?? []
  const openCount = connections.filter(isOpen).length
  useEffect(() => {
    document.title = openCount > 0 ? `${openCount} open · mcpx dashboard` : 'mcpx dashboard'
  }, [openCount])

  function panel(id: string) {
    if (!state) return null
    switch (id) {
      case 'summary':
        return <Tiles state={state} />
      case 'connections':
        return (
          <ConnectionsPanel
            connections={connections}
            selected={selected}
            shown={shownIds(layout.columns, columnIds)}
            sort={layout.sort}
            onSort={(sort) => changeLayout({ sort })}
            onSelect={choose}
            onClose={close}
          />
        )
      case 'details':
        return (
          <DetailPanel
            base={base}
            state={state}
            connection={connections.find((one) => one.id === selected)}
            samples={samples}
            charts={shownIds(layout.charts, figureIds) as readonly FigureId[]}
            windowMs={layout.windowMin * 60_000}
            onClose={close}
            onDone={tell}
          />
        )
      case 'operations':
        return (
          <OperationsPanel
            operations={state.operations}
            total={state.summary.operations.total}
            failed={state.summary.operations.failed}
            onSelect={choose}
          />
        )
      case 'events':
        return <EventsPanel events={state.events} total={state.summary.events} onSelect={choose} />
      case 'tasks':
        return <TasksPanel tasks={state.tasks} pending={state.summary.pendingTasks} onSelect={choose} />
      case 'workers':
        return <WorkersPanel workers={state.workers} />
      default: {
        const added = plugged.find((one) => one.id === id)
        return added && <PluginPanel panel={added} />
      }
    }
  }

  const panels = [...ownPanels, ...plugged.map(({ id, title }) => [id, title] as const)]
  const shown = shownIds(
    layout.panels,
    panels.map(([id]) => id),
  )
  const wide = wideIds(shown, alwaysWide)
  return (
    <div class="page">
      <Head base={base} status={status} pollS={layout.pollS} onSettings={() => setOpen('settings')} />
      <main>
        {status.kind === 'token' && (
          <section class="card token-card" aria-labelledby="token-title">
            <h2 id="token-title">This server asks for a token</h2>
            <TokenForm base={base} onOpen={restart} />
          </section>
        )}
        {status.kind === 'refused' && (
          <section class="card token-card" role="alert">
            <p>{status.message}</p>
            <button type="button" class="button" onClick={restart}>
              Try again
            </button>
          </section>
        )}
        {state && status.kind !== 'token' && status.kind !== 'refused' && (
          <>
            <Actions
              openCount={openCount}
              isTesting={isTesting}
              onStart={() => setOpen('start')}
              onSample={() => void test(startSample)}
              onTest={() => void test(testConnection)}
              onCloseAll={() => setOpen('close-all')}
            />
            <div class={status.kind === 'gone' ? 'panels old' : 'panels'}>
              {shown.map((id) => (
                <div key={id} class={`place ${id.includes('.') ? 'plugin' : id}${wide.has(id) ? ' wide' : ''}`}>
                  {panel(id)}
                </div>
              ))}
            </div>
          </>
        )}
      </main>
      {state && (
        <footer class="quiet">
          mcpx {state.server.version} · node {state.server.nodeId}
        </footer>
      )}
      <Notices notices={notices} onDismiss={dismiss} />
      {open === 'start' && <StartDialog base={base} onStarted={choose} onClose={() => setOpen(undefined)} />}
      {open === 'settings' && (
        <SettingsDialog layout={layout} panels={panels} onChange={changeLayout} onClose={() => setOpen(undefined)} />
      )}
      {open === 'close-all' && (
        <ConfirmDialog
          title="Close all connections?"
          text={`${openCount} open ${openCount === 1 ? 'connection ends' : 'connections end'} at once, for everybody who watches.`}
          action="Close all"
          onConfirm={async () => tell(await closeAll(base))}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  )
}
