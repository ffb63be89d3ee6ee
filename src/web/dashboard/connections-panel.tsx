// The table of connections: filtered, sorted, and in pages of so many rows that a change never takes long.
import { memo } from 'preact/compat'
import { useMemo, useState } from 'preact/hooks'
import type { LiveConnection } from '../../lib/protocol/live.ts'
import { Icon } from '../shared/icons.tsx'
import { type Column, columns, contentColumn } from './columns.tsx'
import { countGroups, filterConnections, type Group, groups, isOpen, sortBy } from './connection-view.ts'
import type { Layout } from './layout.ts'
import { Panel } from './parts.tsx'

const groupNames: Readonly<Record<Group, string>> = {
  all: 'All',
  open: 'Open',
  problems: 'Problems',
  silent: 'Not reporting',
  closed: 'Closed',
}
const pageRows = 50

interface ConnectionsProps {
  readonly connections: readonly LiveConnection[]
  readonly selected: string | undefined
  /** Ids of the columns to show, in order. */
  readonly shown: readonly string[]
  readonly sort: Layout['sort']
  onSort(sort: Layout['sort']): void
  onSelect(id: string | undefined): void
  onClose(id: string): void
}

export function ConnectionsPanel(props: ConnectionsProps) {
  const { connections, selected, shown, sort, onSort, onSelect, onClose } = props
  const [text, setText] = useState('')
  const [group, setGroup] = useState<Group>('all')
  const [wantedPage, setPage] = useState(0)
  const counts = countGroups(connections)
  const found = filterConnections(connections, { text, group })
  const value = (sort.column === 'content' ? contentColumn : columns[sort.column])?.value
  const sorted = value ? sortBy(found, value, sort.isDescending) : found
  const lastPage = Math.max(0, Math.ceil(sorted.length / pageRows) - 1)
  const page = Math.min(wantedPage, lastPage)
  const rows = sorted.slice(page * pageRows, (page + 1) * pageRows)
  // The same object as long as it holds the same, so that rows that have not changed are left alone.
  const cells = useMemo(() => shown.flatMap((id) => (columns[id] ? [{ id, column: columns[id] }] : [])), [shown.join()])

  return (
    <Panel id="connections" title="Connections" note={`${counts.open} open`}>
      <div class="toolbar">
        <input
          type="search"
          placeholder="Filter by CID, viewer, state, codec, error …"
          aria-label="Filter connections"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <fieldset class="groups">
          <legend class="off-screen">Which connections</legend>
          {groups.map((one) => (
            <button
              key={one}
              type="button"
              class={`chip ${one === 'problems' && counts.problems > 0 ? 'alarm' : ''}`}
              aria-pressed={group === one}
              onClick={() => setGroup(one)}
            >
              {groupNames[one]} <b>{counts[one]}</b>
            </button>
          ))}
        </fieldset>
        {rows.length > 1 && <SortChoice sort={sort} onSort={onSort} />}
      </div>
      {rows.length > 0 ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        <section class="scroll" tabIndex={0} aria-label="Table of connections">
          <table class="connections" aria-label="Connections">
            <thead>
              <tr>
                <SortHead id="content" column={contentColumn} sort={sort} onSort={onSort} />
                {cells.map(({ id, column }) => (
                  <SortHead key={id} id={id} column={column} sort={sort} onSort={onSort} />
                ))}
                <th class="row-tools">
                  <span class="off-screen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <ConnectionRow
                  key={one.id}
                  one={one}
                  cells={cells}
                  isSelected={one.id === selected}
                  onSelect={onSelect}
                  onClose={onClose}
                />
              ))}
            </tbody>
          </table>
        </section>
      ) : (
        <p class="empty">
          {connections.length === 0
            ? 'No connections yet. Start a stream, or open a player: it appears here by itself.'
            : 'No connection fits the filter.'}
        </p>
      )}
      {lastPage > 0 && <Pages page={page} count={sorted.length} onChange={setPage} />}
    </Panel>
  )
}

interface PagesProps {
  readonly page: number
  /** Of the rows of all pages. */
  readonly count: number
  onChange(page: number): void
}

function Pages({ page, count, onChange }: PagesProps) {
  const end = Math.min((page + 1) * pageRows, count)
  return (
    <nav class="pages" aria-label="Pages of connections">
      <button type="button" class="chip" disabled={page === 0} onClick={() => onChange(page - 1)}>
        Previous
      </button>
      <span class="quiet" aria-live="polite">
        {page * pageRows + 1} to {end} of {count}
      </span>
      <button type="button" class="chip" disabled={end === count} onClick={() => onChange(page + 1)}>
        Next
      </button>
    </nav>
  )
}

/** In place of the heads of the columns where there is no room for them. */
function SortChoice({ sort, onSort }: Pick<ConnectionsProps, 'sort' | 'onSort'>) {
  const { column, isDescending } = sort
  return (
    <div class="sort-choice">
      <label>
        Sort by
        <select value={column} onChange={(event) => onSort({ column: event.currentTarget.value, isDescending })}>
          <option value="content">{contentColumn.label}</option>
          {Object.entries(columns).map(([id, { label }]) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="chip"
        aria-pressed={isDescending}
        onClick={() => onSort({ column, isDescending: !isDescending })}
      >
        Descending
      </button>
    </div>
  )
}

interface HeadProps extends Pick<ConnectionsProps, 'sort' | 'onSort'> {
  readonly id: string
  readonly column: Column
}

function SortHead({ id, column, sort, onSort }: HeadProps) {
  const isSorted = sort.column === id
  const direction = !isSorted ? undefined : sort.isDescending ? 'descending' : 'ascending'
  return (
    <th scope="col" class={column.isNumber ? 'number' : undefined} aria-sort={direction}>
      <button
        type="button"
        title={`Sort by ${column.label}`}
        onClick={() => onSort({ column: id, isDescending: isSorted && !sort.isDescending })}
      >
        {column.label}
        <span aria-hidden="true">{!isSorted ? '' : sort.isDescending ? ' ↓' : ' ↑'}</span>
      </button>
    </th>
  )
}

interface RowProps {
  readonly one: LiveConnection
  readonly cells: readonly { readonly id: string; readonly column: Column }[]
  readonly isSelected: boolean
  onSelect(id: string | undefined): void
  onClose(id: string): void
}

/** A connection keeps its object until the server says something new about it. */
const ConnectionRow = memo(({ one, cells, isSelected, onSelect, onClose }: RowProps) => {
  const toggle = () => onSelect(isSelected ? undefined : one.id)
  return (
    <tr class={isSelected ? 'selected' : undefined} data-id={one.id} onClick={toggle}>
      <th scope="row">
        <button
          type="button"
          class="row-name"
          aria-pressed={isSelected}
          title={one.content}
          onClick={(event) => {
            event.stopPropagation()
            toggle()
          }}
        >
          <bdi>{contentColumn.cell(one)}</bdi>
          <small class="quiet">{one.id.slice(0, 8)}</small>
        </button>
      </th>
      {cells.map(({ id, column }) => (
        <td key={id} class={column.isNumber ? 'number' : undefined} data-label={column.label}>
          {column.cell(one)}
        </td>
      ))}
      <td class="row-tools">
        {isOpen(one) && (
          <button
            type="button"
            class="icon-button"
            aria-label={`Close connection ${one.id.slice(0, 8)}`}
            title="Close this connection"
            onClick={(event) => {
              event.stopPropagation()
              onClose(one.id)
            }}
          >
            <Icon name="close" size={16} />
          </button>
        )}
      </td>
    </tr>
  )
})
