import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { defaultMonitorConfig, parseMonitorConfig } from '../../../src/lib/protocol/monitor-config.ts'

const parse = (raw: unknown) => parseMonitorConfig(raw, 'c.json')
const messageOf = (raw: unknown): string => {
  try {
    parse(raw)
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_CONFIG' })
    return (error as Error).message
  }
  throw new Error('it was taken')
}

/** As in the origin's documentation. */
const documented = {
  optimization: {
    buffer_size_range: [15, 60],
    prefetch_threshold_range: [0.2, 0.8],
    quality_downgrade_threshold: 50,
    quality_upgrade_threshold: 80,
    buffer_underrun_threshold: 3,
    network_sensitivity: 0.7,
    cpu_sensitivity: 0.5,
    memory_sensitivity: 0.3,
  },
  metrics: {
    collect_detailed_stats: true,
    collect_frame_stats: true,
    collect_resource_stats: true,
    collect_quality_metrics: true,
  },
  visualization: {
    enabled: true,
    live_update: false,
    dashboard_update_interval: 30,
    max_history_points: 1000,
    plot_style: 'dark_background',
  },
  reporting: { enabled: true, save_raw_data: true, interval: 300, formats: ['json', 'html'] },
}

describe('the configuration of the monitor', () => {
  it('has the defaults of the origin, and takes them as they are written', () => {
    expect(defaultMonitorConfig).toEqual(documented)
    expect(parse(documented)).toEqual(documented)
    expect(parse({})).toEqual(documented)
  })

  it('lays what is given over the defaults, section by section', () => {
    expect(parse({ reporting: { interval: 5, formats: ['csv'] }, metrics: { collect_frame_stats: false } })).toEqual({
      ...documented,
      metrics: { ...documented.metrics, collect_frame_stats: false },
      reporting: { ...documented.reporting, interval: 5, formats: ['csv'] },
    })
  })

  it('names everything that is wrong at once', () => {
    const message = messageOf({
      optimization: { network_sensitivity: 2, netwrok: 1 },
      visualization: { plot_style: 'xkcd' },
      reporting: { formats: ['pdf'], interval: '5m' },
      logging: {},
    })
    expect(message.split('; ')).toEqual([
      'c.json: optimization.network_sensitivity: 2 is not a number from 0 to 1',
      'optimization.netwrok is unknown',
      expect.stringMatching(/^visualization\.plot_style: "xkcd" is not one of default, dark_background, /),
      'reporting.interval: "5m" is not a number from 1 to 86400',
      'reporting.formats.0: "pdf" is not one of json, html, csv',
      'logging is unknown',
    ])
  })

  it.each([
    [null, 'it is not an object'],
    [[], 'it is not an object'],
    [{ metrics: null }, 'metrics: null is not an object'],
    [{ metrics: { collect_frame_stats: 'yes' } }, 'metrics.collect_frame_stats: "yes" is not true or false'],
    [{ optimization: { buffer_size_range: [60, 15] } }, 'buffer_size_range: [60,15] is not a pair [least, most]'],
    [{ optimization: { buffer_size_range: [15] } }, 'buffer_size_range: [15] is not a pair [least, most]'],
    [{ optimization: { buffer_size_range: [15, 61] } }, 'buffer_size_range.1: 61 is not a whole number from 1 to 60'],
    [{ optimization: { buffer_size_range: [1.5, 60] } }, 'buffer_size_range.0: 1.5 is not a whole number'],
    [
      { optimization: { quality_downgrade_threshold: 90 } },
      'quality_upgrade_threshold: the default is not above quality_downgrade_threshold',
    ],
    [{ visualization: { max_history_points: 9 } }, 'max_history_points: 9 is not a whole number from 10 to 10000'],
    [{ reporting: { formats: [] } }, 'formats: [] names no format'],
    [{ reporting: { formats: ['csv', 'csv'] } }, 'formats: ["csv","csv"] names a format twice'],
    [JSON.parse('{"__proto__":{"enabled":true}}'), '__proto__ is unknown'],
  ])('refuses %j by name', (raw, problem) => {
    expect(messageOf(raw)).toContain(problem)
  })

  it('takes or refuses anything, in one line of bounded length', () => {
    const keys = fc.constantFrom(...Object.keys(documented), 'other', 'a\nb')
    const values = fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 60 }))
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(keys, values)), (raw) => {
        try {
          expect(Object.keys(parse(raw))).toEqual(Object.keys(documented))
        } catch (error) {
          expect(error).toBeInstanceOf(McpxError)
          expect((error as Error).message).not.toMatch(/[\n\r]/)
          expect((error as Error).message.length).toBeLessThan(20_000)
        }
      }),
    )
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`key${at}`, 1]))
    expect(messageOf(many)).toMatch(/key19 is unknown; and 980 more$/)
  })
})
