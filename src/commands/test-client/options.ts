// What `mcpx test-client` can be told of the load; what becomes of the result is declared in output-options.ts.
import { McpxError } from '../../lib/base/errors.ts'
import * as option from '../../lib/base/options.ts'
import { loadScenarios } from '../../lib/model/load-scenario.ts'
import { parseQuality, type Quality } from '../../lib/model/quality.ts'
import { contentOptions } from '../../lib/model/serve-options.ts'
import type { outputOptions } from './output-options.ts'

const quality: option.Option<Quality | undefined> = {
  ...option.string({ help: 'auto, very_low … very_high, or 0-100', placeholder: 'name' }),
  default: undefined,
  parse: parseQuality,
}

export const loadOptions = {
  viewers: option.integer({ help: 'How many watch', default: 10, min: 1, max: 100_000 }),
  ramp: option.duration({
    help: 'Time over which they join, of the duration; 0 is all at once',
    max: 86_400,
    defaultText: '0.1 s a viewer, at most a third of the duration',
  }),
  duration: option.duration({ help: 'Length of the run', default: 30, min: 1, max: 7 * 86_400 }),
  cid: option.list({
    help: 'Content to watch, in turn; repeatable',
    placeholder: 'content',
    defaultText: 'the sample',
  }),
  scenario: option.choice(loadScenarios, {
    help:
      'steady: join and stay; flash-crowd: all at once; churn: come and go; ' +
      'random: change quality, seek, pause, leave and come again; soak: steady for long',
    default: 'steady',
  }),
  seed: option.integer({ help: 'The same seed gives the same plan', default: 1, min: 0, max: 2 ** 31 - 1 }),
  quality,
  processes: option.integer({
    help: 'Child processes that share the viewers, each with its own limit of open files; 0: threads',
    default: 0,
    min: 0,
    max: 64,
  }),
} as const

export const pathOptions = {
  impair: option.string({
    help:
      "Path of each viewer, as 'rate=1mbps,delay=80ms,jitter=20ms,loss=2%,queue=100ms,burst-loss=3', 'trace=file', or a preset: " +
      'lte, 3g, bad-wifi, satellite, offline-3s',
    placeholder: 'path',
  }),
  impairAt: option.list({
    help: "What of it changes when, as '20s:rate=300kbps'; repeatable",
    placeholder: 'time:path',
  }),
} as const

export const browserOptions = {
  browser: option.choice(['chromium', 'firefox'] as const, { help: 'Some of the viewers are this browser' }),
  browserPath: option.string({ help: 'Its program, in place of the one that is found', placeholder: 'file' }),
  browserViewers: option.integer({ help: 'How many of them', min: 1, max: 100, defaultText: '1 with --browser' }),
} as const

export const serverOptions = {
  server: option.string({
    help: 'Server to test',
    placeholder: 'url',
    defaultText: 'the one running here, or a new one',
  }),
  token: option.string({ help: 'Token of that server', placeholder: 'token', secret: true }),
  persistencePath: contentOptions.persistencePath,
} as const

export interface TestClientOptions
  extends option.OptionsOf<typeof loadOptions>,
    option.OptionsOf<typeof pathOptions>,
    option.OptionsOf<typeof browserOptions>,
    option.OptionsOf<typeof serverOptions>,
    option.OptionsOf<typeof outputOptions> {
  readonly json: boolean
  readonly quiet: boolean
}

const joinsPerS = 10

/** How long the ramp is. Throws INVALID_OPTION for one that contradicts the rest. */
export function rampOf({ scenario, ramp, duration, viewers }: TestClientOptions): number {
  if (scenario === 'flash-crowd') {
    if (ramp) throw new McpxError('INVALID_OPTION', '--ramp: in a flash crowd all come at once')
    return 0
  }
  if (ramp === undefined) return Math.min(viewers / joinsPerS, duration / 3)
  if (ramp > duration)
    throw new McpxError('INVALID_OPTION', `--ramp: ${ramp} s are longer than the --duration of ${duration} s`)
  return ramp
}
