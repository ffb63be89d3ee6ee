// The monitor's configuration file (--webrtc-config-path): sections, ranges and defaults, which are the origin's.
import { z } from 'zod'
import { McpxError } from '../base/errors.ts'
import { bufferFramesRange, prefetchRange } from './mcp-schemas.ts'

/** Names of matplotlib's styles, which the origin drew with; one is dark, and the rest is light here. */
export const plotStyles = [
  'default',
  'dark_background',
  'classic',
  'ggplot',
  'bmh',
  'fast',
  'fivethirtyeight',
  'grayscale',
  'Solarize_Light2',
  'tableau-colorblind10',
  'petroff10',
  'seaborn-v0_8',
  'seaborn-v0_8-darkgrid',
  'seaborn-v0_8-whitegrid',
] as const
export const reportFormats = ['json', 'html', 'csv'] as const
export type ReportFormat = (typeof reportFormats)[number]

const number = (least: number, most: number, type: 'number' | 'int' = 'number') => {
  const error = `is not a ${type === 'int' ? 'whole number' : 'number'} from ${least} to ${most}`
  return (type === 'int' ? z.int({ error }) : z.number({ error })).min(least, { error }).max(most, { error })
}
const flag = (byDefault: boolean) => z.boolean({ error: 'is not true or false' }).default(byDefault)
const oneOf = <const T extends readonly string[]>(names: T) =>
  z.enum(names, { error: `is not one of ${names.join(', ')}` })

function range(one: z.ZodType<number>, byDefault: [number, number]) {
  const error = 'is not a pair [least, most]'
  return z
    .tuple([one, one], { error })
    .refine(([least, most]) => least <= most, { error })
    .default(byDefault)
}

const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: sectionError })
const sectionError: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'unrecognized_keys' ? undefined : 'is not an object'

const optimization = section({
  buffer_size_range: range(number(bufferFramesRange.least, bufferFramesRange.most, 'int'), [15, 60]),
  prefetch_threshold_range: range(number(prefetchRange.least, prefetchRange.most), [0.2, 0.8]),
  quality_downgrade_threshold: number(0, 100).default(50),
  quality_upgrade_threshold: number(0, 100).default(80),
  buffer_underrun_threshold: number(1, 1000, 'int').default(3),
  network_sensitivity: number(0, 1).default(0.7),
  cpu_sensitivity: number(0, 1).default(0.5),
  memory_sensitivity: number(0, 1).default(0.3),
}).refine((one) => one.quality_downgrade_threshold < one.quality_upgrade_threshold, {
  path: ['quality_upgrade_threshold'],
  error: 'is not above quality_downgrade_threshold',
})

const metrics = section({
  collect_detailed_stats: flag(true),
  collect_frame_stats: flag(true),
  collect_resource_stats: flag(true),
  collect_quality_metrics: flag(true),
})

const visualization = section({
  enabled: flag(true),
  live_update: flag(false),
  /** Seconds. */
  dashboard_update_interval: number(1, 86_400).default(30),
  max_history_points: number(10, 10_000, 'int').default(1000),
  plot_style: oneOf(plotStyles).default('dark_background'),
})

const reporting = section({
  enabled: flag(true),
  save_raw_data: flag(true),
  /** Seconds. */
  interval: number(1, 86_400).default(300),
  formats: z
    .array(oneOf(reportFormats), { error: 'is not a list of formats' })
    .min(1, { error: 'names no format' })
    .refine((formats) => new Set(formats).size === formats.length, { error: 'names a format twice' })
    .default(['json', 'html']),
})

export const monitorConfigSchema = section({
  optimization: optimization.prefault({}),
  metrics: metrics.prefault({}),
  visualization: visualization.prefault({}),
  reporting: reporting.prefault({}),
})

/** Every key has a value: those of the file over the defaults. */
export type MonitorConfig = z.output<typeof monitorConfigSchema>

export const defaultMonitorConfig: MonitorConfig = monitorConfigSchema.parse({})

export const monitorConfigHint =
  'docs/monitor-config.md has the keys of the file of --webrtc-config-path, with their ranges.'
const maxNamed = 20
const maxValueText = 60

/** Throws one INVALID_CONFIG that names every unknown key and every value out of range; `place` is the file. */
export function parseMonitorConfig(raw: unknown, place: string): MonitorConfig {
  const { success, data, error } = monitorConfigSchema.safeParse(raw)
  if (success) return data
  const problems = error.issues.flatMap((issue) => describe(issue, raw))
  const rest = problems.length > maxNamed ? [`and ${problems.length - maxNamed} more`] : []
  throw new McpxError('INVALID_CONFIG', `${place}: ${[...problems.slice(0, maxNamed), ...rest].join('; ')}`, {
    hint: monitorConfigHint,
  })
}

function describe(issue: z.core.$ZodIssue, raw: unknown): string[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${[...path, short(key)].join('.')} is unknown`)
  if (path.length === 0) return [`it ${issue.message}`]
  const value = JSON.stringify(valueAt(raw, path))
  return [`${path.join('.')}: ${value === undefined ? 'the default' : short(value)} ${issue.message}`]
}

const valueAt = (raw: unknown, path: readonly string[]): unknown =>
  path.reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], raw)

/** Whoever wrote the file shall neither fill the log nor end a line of it. */
const short = (text: string): string => {
  const line = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return line.length > maxValueText ? `${line.slice(0, maxValueText)}…` : line
}
