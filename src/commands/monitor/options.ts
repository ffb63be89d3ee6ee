// The options of `mcpx monitor`.
import * as option from '../../lib/base/options.ts'
import { contentOptions } from '../../lib/model/serve-options.ts'

export const monitorOptions = {
  once: option.boolean({ help: 'Print one moment as tables, and stop; the default where stdout is not a terminal' }),
  connection: option.string({
    help: 'Connection to select; with --once or --json, show only this one',
    placeholder: 'id',
  }),
  interval: option.duration({ help: 'How often the screen shows something new', default: 1, min: 0.1, max: 60 }),
} as const

export const monitoredOptions = {
  server: option.string({ help: 'Server to watch', placeholder: 'url', defaultText: 'the one running here' }),
  token: option.string({ help: 'Token of that server', placeholder: 'token', secret: true }),
  persistencePath: contentOptions.persistencePath,
} as const

export const replayOptions = {
  replay: option.string({ help: 'Play what was recorded: a repo, its history, or one day of it', placeholder: 'path' }),
  since: option.string({
    help: 'Where to begin: a time ago (10m, 24h, 7d) or a date',
    placeholder: 'time',
    defaultText: 'the beginning of what is there',
  }),
  until: option.string({ help: 'Where to end, as --since', placeholder: 'time', defaultText: 'now' }),
  speed: option.number({ help: 'How many times as fast as it was', default: 1, min: 0.1, max: 3600 }),
} as const

export interface MonitorOptions
  extends option.OptionsOf<typeof monitorOptions>,
    option.OptionsOf<typeof monitoredOptions>,
    option.OptionsOf<typeof replayOptions> {
  readonly json: boolean
  readonly quiet: boolean
}
