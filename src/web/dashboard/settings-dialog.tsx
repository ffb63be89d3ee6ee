// What is shown, where, and how; kept in this browser.
import { columnIds, columns } from './columns.tsx'
import { Dialog } from './dialog.tsx'
import { type FigureId, figureIds, figures } from './figures.ts'
import {
  type Arrangement,
  arrange,
  defaultLayout,
  type Layout,
  pollsS,
  themes,
  windowsMin,
  withMoved,
  withShown,
} from './layout.ts'
import { plainName } from './words.ts'

interface SettingsProps {
  readonly layout: Layout
  /** Ids and titles of all panels, those of plugins too. */
  readonly panels: readonly (readonly [id: string, title: string])[]
  onChange(change: Partial<Layout>): void
  onClose(): void
}

export function SettingsDialog({ layout, panels, onChange, onClose }: SettingsProps) {
  const titles = new Map(panels)
  return (
    <Dialog title="Settings" isWide onClose={onClose}>
      <div class="choices">
        <Choice
          label="Colours"
          value={layout.theme}
          options={themes.map((theme) => [theme, theme === 'auto' ? 'As the system' : plainName(theme)])}
          onChange={(theme) => onChange({ theme: theme as Layout['theme'] })}
        />
        <Choice
          label="Charts reach back"
          value={String(layout.windowMin)}
          options={windowsMin.map((min) => [String(min), min === 1 ? '1 minute' : `${min} minutes`])}
          onChange={(min) => onChange({ windowMin: Number(min) as Layout['windowMin'] })}
        />
        <Choice
          label="Without a WebSocket, ask every"
          value={String(layout.pollS)}
          options={pollsS.map((s) => [String(s), s === 1 ? 'second' : `${s} seconds`])}
          onChange={(s) => onChange({ pollS: Number(s) as Layout['pollS'] })}
        />
      </div>
      <div class="arrangements">
        <Arranger
          title="Panels"
          known={panels.map(([id]) => id)}
          nameOf={(id) => titles.get(id) ?? id}
          arrangement={layout.panels}
          onChange={(next) => onChange({ panels: next })}
        />
        <Arranger
          title="Charts"
          known={figureIds}
          nameOf={(id) => figures[id as FigureId].label}
          arrangement={layout.charts}
          onChange={(next) => onChange({ charts: next })}
        />
        <Arranger
          title="Columns"
          known={columnIds}
          nameOf={(id) => columns[id]!.label}
          arrangement={layout.columns}
          onChange={(next) => onChange({ columns: next })}
        />
      </div>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => onChange(defaultLayout)}>
          Reset to defaults
        </button>
        <button type="button" class="primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [value: string, text: string])[]
  onChange(value: string): void
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

interface ArrangerProps {
  readonly title: string
  readonly known: readonly string[]
  readonly arrangement: Arrangement
  nameOf(id: string): string
  onChange(next: Arrangement): void
}

function Arranger({ title, known, arrangement, nameOf, onChange }: ArrangerProps) {
  const placed = arrange(arrangement, known)
  const move = (id: string, by: 1 | -1) => onChange(withMoved(arrangement, known, id, by))
  return (
    <fieldset>
      <legend>{title}</legend>
      <ul>
        {placed.map(({ id, isShown }, at) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={isShown}
                onChange={(event) => onChange(withShown(arrangement, id, event.currentTarget.checked))}
              />
              <span>{nameOf(id)}</span>
            </label>
            <button
              type="button"
              class="icon-button"
              aria-label={`Move ${nameOf(id)} up`}
              disabled={at === 0}
              onClick={() => move(id, -1)}
            >
              ↑
            </button>
            <button
              type="button"
              class="icon-button"
              aria-label={`Move ${nameOf(id)} down`}
              disabled={at === placed.length - 1}
              onClick={() => move(id, 1)}
            >
              ↓
            </button>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}
