// A panel that a plugin of the server adds. Whatever it sends is shown as text.
import type { PanelData, PanelFigures, PanelInfo, PanelTable } from '../../lib/protocol/panels.ts'
import { Panel } from './parts.tsx'
import { usePluginContent } from './plugin-panels.ts'
import { SeriesChart } from './series-chart.tsx'
import { valueText } from './words.ts'

export function PluginPanel({ panel }: { panel: PanelInfo }) {
  const { data, problem } = usePluginContent(panel)
  return (
    <Panel id={panel.id} title={panel.title}>
      {problem && (
        <p class="error-box" role="alert">
          {problem} {data && <span class="quiet">What is shown is old.</span>}
        </p>
      )}
      {data ? <Content title={panel.title} data={data} /> : !problem && <p class="empty">Asking…</p>}
    </Panel>
  )
}

function Content({ title, data }: { title: string; data: PanelData }) {
  if ('series' in data) return data.series.length > 0 ? <SeriesChart title={title} series={data.series} /> : <Nothing />
  if ('figures' in data) return data.figures.length > 0 ? <Figures figures={data.figures} /> : <Nothing />
  return data.rows.length > 0 ? <Table title={title} table={data} /> : <Nothing />
}

const Nothing = () => <p class="empty">Nothing to show yet.</p>

function Figures({ figures }: PanelFigures) {
  return (
    <dl class="plugin-figures">
      {figures.map(({ label, value, unit, note }, at) => (
        <div key={at}>
          <dt>
            <bdi>{label}</bdi>
          </dt>
          <dd class={value === null ? 'value quiet' : 'value'}>
            <bdi>{valueText(value, unit)}</bdi>
          </dd>
          {note && (
            <dd class="quiet">
              <bdi>{note}</bdi>
            </dd>
          )}
        </div>
      ))}
    </dl>
  )
}

function Table({ title, table: { columns, rows } }: { title: string; table: PanelTable }) {
  const isNumber = columns.map((_, at) => rows.every((row) => row[at] === null || typeof row[at] === 'number'))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="plugin-table" tabIndex={0} aria-label={`Table: ${title}`}>
      <table class="plain" aria-label={title}>
        <thead>
          <tr>
            {columns.map((name, at) => (
              <th key={at} scope="col" class={isNumber[at] ? 'number' : undefined}>
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map((cell, at) => (
                <td key={at} class={isNumber[at] ? 'number' : undefined}>
                  <bdi>{valueText(cell)}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
