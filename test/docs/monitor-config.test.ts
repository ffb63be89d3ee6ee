// docs/monitor-config.md says of the configuration file what the schema says: every key, its default and its range.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { metricSwitches } from '../../src/lib/app/monitor-config-file.ts'
import { mcpMetrics, webrtcMetrics } from '../../src/lib/protocol/metrics.ts'
import { defaultMonitorConfig, parseMonitorConfig } from '../../src/lib/protocol/monitor-config.ts'

const text = readFileSync(resolve(import.meta.dirname, '../../docs/monitor-config.md'), 'utf8')
const rows = [...text.matchAll(/^\| `([a-z]+\.[a-z_]+)` \| (.*) \|$/gm)].map((match) => ({
  key: match[1]!,
  cells: match[2]!.split('|').map((cell) => cell.trim()),
}))
const keys = rows.filter(({ cells }) => cells.length === 4)
const defaults = Object.entries(defaultMonitorConfig).flatMap(([section, values]) =>
  Object.entries(values).map(([key, value]) => [`${section}.${key}`, value] as const),
)
const take = (path: string, value: unknown) => {
  const [section, key] = path.split('.') as [string, string]
  // Thresholds are held against each other: this one alone is meant.
  const beside = path.endsWith('downgrade_threshold')
    ? { quality_upgrade_threshold: 100 }
    : { quality_downgrade_threshold: 0 }
  return parseMonitorConfig({ [section]: { ...(section === 'optimization' && beside), [key]: value } }, 'c.json')
}

describe('docs/monitor-config.md', () => {
  it('names exactly the keys of the schema, with their defaults', () => {
    expect(Object.fromEntries(keys.map(({ key, cells }) => [key, JSON.parse(cells[3]!.replaceAll('`', ''))]))).toEqual(
      Object.fromEntries(defaults),
    )
  })

  it.each(keys.filter(({ cells }) => /^[\d.]+ to [\d.]+$/.test(cells[2]!)))(
    'says the range of $key',
    ({ key, cells }) => {
      const [least, most] = cells[2]!.split(' to ').map(Number) as [number, number]
      for (const value of [least, most].filter(
        (one) => !(key.includes('grade_threshold') && one === (key.includes('up') ? 0 : 100)),
      ))
        expect(() => take(key, value)).not.toThrow()
      for (const value of [least - 0.01, most + 0.01]) expect(() => take(key, value)).toThrow(`is not a `)
    },
  )

  it('shows a file that is the defaults', () => {
    expect(JSON.parse(/```json\n([\s\S]*?)```/.exec(text)![1]!)).toEqual(defaultMonitorConfig)
  })

  it.each(Object.entries(metricSwitches))('says what %s removes', (name, group) => {
    const row = rows.find(({ key, cells }) => key === `metrics.${name}` && cells.length === 1)
    const listed = [...row!.cells[0]!.matchAll(/`([a-z_]+)`/g)].map((match) => match[1])
    const expected = Object.entries({ ...mcpMetrics, ...webrtcMetrics }).flatMap(([metric, spec]) =>
      spec.group === group ? [metric] : [],
    )
    expect(listed).toEqual(expected)
  })
})
