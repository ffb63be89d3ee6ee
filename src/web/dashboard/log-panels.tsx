// What went on: operations, background tasks, events, and how the media workers are.
import type { ComponentChildren } from 'preact'
import { memo } from 'preact/compat'
import { useState } from 'preact/hooks'
import type { LiveState } from '../../lib/protocol/live.ts'
import { own } from '../shared/own.ts'
import type { StateTone } from './connection-view.ts'
import { Panel, Pill } from './parts.tsx'
import { distinctKeys } from './stable.ts'
import { bytesText, clockText, detailsText, plainName, spanText } from './words.ts'

const mostRows = 100

const toneOfStatus: Readonly<Record<string, StateTone>> = {
  started: 'busy',
  running: 'busy',
  completed: 'good',
  failed: 'bad',
  canceled: 'calm',
  cancelled: 'calm',
}

interface SelectProps {
  onSelect(id: string | undefined): void
}

interface EntryProps {
  readonly name: string
  readonly status: string
  readonly atMs: number
  readonly endedAtMs?: number | undefined
  readonly connection?: string | undefined
  readonly text: string
  readonly title?: string | undefined
  onSelect(id: string | undefined): void
}

const Entry = memo(({ name, status, atMs, endedAtMs, connection, text, title, onSelect }: EntryProps) => (
  <li title={title}>
    <time>{clockText(atMs)}</time>
    <span class="entry-name">
      {plainName(name)}
      {connection !== undefined && <ConnectionLink id={connection} onSelect={onSelect} />}
    </span>
    <Pill tone={own(toneOfStatus, status) ?? 'calm'}>{status}</Pill>
    <span class="number quiet">{endedAtMs === undefined ? '' : spanText(endedAtMs - atMs)}</span>
    {text && <bdi class={status === 'failed' ? 'entry-text bad' : 'entry-text quiet'}>{text}</bdi>}
  </li>
))

function ConnectionLink({ id, onSelect }: { id: string } & SelectProps) {
  return (
    <button type="button" class="link" title={`Show connection ${id}`} onClick={() => onSelect(id)}>
      {id.slice(0, 8)}
    </button>
  )
}

const errorText = (error: { readonly code: string; readonly message: string } | undefined) =>
  error ? `${error.code}: ${error.message}` : ''

const newest = <T,>(items: readonly T[]): readonly T[] => items.slice(-mostRows).toReversed()

interface LogProps {
  readonly label: string
  readonly children: ComponentChildren
  readonly isEmpty: boolean
  /** Said where it is empty. */
  readonly what: string
}

function Log({ label, children, isEmpty, what }: LogProps) {
  if (isEmpty) return <p class="empty">{what}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <ol class="log entries" tabIndex={0} aria-label={label}>
      {children}
    </ol>
  )
}

function FailedOnly({ isOn, onChange }: { isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <button type="button" class="chip" aria-pressed={isOn} onClick={() => onChange(!isOn)}>
      Failed only
    </button>
  )
}

interface OperationsProps extends SelectProps {
  readonly operations: LiveState['operations']
  /** Since the server started. */
  readonly total: number
  readonly failed: number
}

export const OperationsPanel = memo(({ operations, total, failed, onSelect }: OperationsProps) => {
  const [isFailedOnly, setFailedOnly] = useState(false)
  const rows = newest(isFailedOnly ? operations.filter(({ status }) => status === 'failed') : operations)
  return (
    <Panel
      id="operations"
      title="Operations"
      note={`${total} in all, ${failed} failed`}
      actions={<FailedOnly isOn={isFailedOnly} onChange={setFailedOnly} />}
    >
      <Log
        label="Operations, newest first"
        isEmpty={rows.length === 0}
        what={isFailedOnly ? 'None of the last operations failed.' : 'Nothing was done yet.'}
      >
        {rows.map((one) => (
          <Entry
            key={one.id}
            name={one.type}
            status={one.status}
            atMs={one.startedAtMs}
            endedAtMs={one.endedAtMs}
            connection={one.connectionId}
            text={errorText(one.error) || detailsText(one.details)}
            title={one.correlationId && `Request ${one.correlationId}`}
            onSelect={onSelect}
          />
        ))}
      </Log>
    </Panel>
  )
})

interface TasksProps extends SelectProps {
  readonly tasks: LiveState['tasks']
  readonly pending: number
}

export const TasksPanel = memo(({ tasks, pending, onSelect }: TasksProps) => {
  const running = tasks.filter(({ status }) => status === 'running')
  const ended = tasks.filter(({ status }) => status !== 'running')
  const rows = [...newest(running), ...newest(ended)].slice(0, mostRows)
  return (
    <Panel id="tasks" title="Tasks" note={`${pending} running`}>
      <Log label="Tasks, those that run first" isEmpty={rows.length === 0} what="No background work yet.">
        {rows.map((one) => (
          <Entry
            key={one.id}
            name={one.name}
            status={one.status}
            atMs={one.createdAtMs}
            endedAtMs={one.endedAtMs}
            connection={one.owner}
            text={errorText(one.error)}
            onSelect={onSelect}
          />
        ))}
      </Log>
    </Panel>
  )
})

interface EventsProps extends SelectProps {
  readonly events: LiveState['events']
  /** Since the server started. */
  readonly total: number
}

export const EventsPanel = memo(({ events, total, onSelect }: EventsProps) => {
  const rows = newest(events)
  // From the oldest on, so that a new one leaves the others their keys.
  const keys = distinctKeys(
    rows.toReversed().map(({ connectionId, atMs, type }) => `${connectionId} ${atMs} ${type}`),
  ).reverse()
  return (
    <Panel id="events" title="Events" note={`${total} in all`}>
      <Log label="Events, newest first" isEmpty={rows.length === 0} what="Nothing happened yet.">
        {rows.map((one, at) => (
          <li key={keys[at]} class={one.type === 'error' ? 'bad' : ''}>
            <time>{clockText(one.atMs)}</time>
            <span class="entry-name">
              {plainName(one.type)}
              <ConnectionLink id={one.connectionId} onSelect={onSelect} />
            </span>
            <bdi class="entry-text quiet">{detailsText(one.details)}</bdi>
          </li>
        ))}
      </Log>
    </Panel>
  )
})

export const WorkersPanel = memo(({ workers }: Pick<LiveState, 'workers'>) => {
  return (
    <Panel id="workers" title="Media workers" note={`${workers.length} reporting`}>
      {workers.length === 0 ? (
        <p class="empty">No worker has reported yet.</p>
      ) : (
        <table class="plain" aria-labelledby="title-workers">
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">Viewers</th>
              <th scope="col">CPU time</th>
              <th scope="col">Process memory</th>
              <th scope="col">Event loop p99</th>
            </tr>
          </thead>
          <tbody>
            {workers.map(({ worker, viewers, cpuS, rssBytes, loopDelayP99Ms }) => (
              <tr key={worker}>
                <th scope="row">{worker}</th>
                <td>{viewers}</td>
                <td>{spanText(cpuS * 1000)}</td>
                <td>{bytesText(rssBytes)}</td>
                <td class={loopDelayP99Ms >= 50 ? 'fair' : undefined}>{loopDelayP99Ms.toFixed(1)} ms</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
})
