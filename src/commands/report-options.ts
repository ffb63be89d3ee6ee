// The options of `mcpx report`.
import * as option from '../lib/base/options.ts'
import { contentOptions } from '../lib/model/serve-options.ts'

export const reportOptions = {
  format: option.choice(['html', 'json', 'csv'] as const, { help: 'Default: by the ending of --output, else json' }),
  output: option.string({ help: 'File to write, whole or not at all; stdout otherwise', placeholder: 'file' }),
  since: option.string({ help: 'A time ago (10m, 24h, 7d) or a date', default: '24h', placeholder: 'time' }),
  until: option.string({ help: 'As --since; now when absent', placeholder: 'time' }),
  connection: option.string({ help: 'One connection alone', placeholder: 'id' }),
  threshold: option.list({
    help: "What must hold, as 'startup_p95<800ms'; exit 99 where it does not",
    placeholder: 'rule',
  }),
} as const

export const sourceOptions = {
  server: option.string({
    help: 'Server to ask',
    placeholder: 'url',
    defaultText: 'the one running here, or the history in the repo',
  }),
  token: option.string({ help: 'Token of that server', placeholder: 'token', secret: true }),
  persistencePath: contentOptions.persistencePath,
} as const
