// What `mcpx check-connectivity` can be told.
import * as option from '../../lib/base/options.ts'
import { contentOptions, mediaOptions } from '../../lib/model/serve-options.ts'

export const checkOptions = {
  all: option.boolean({ help: 'Every check but those of --security' }),
  security: option.boolean({ help: 'Hold the server against what docs/security.md promises; only reads' }),
  list: option.boolean({ help: 'List the checks there are' }),
  watch: option.boolean({ help: 'Check again and again, and tell what changes' }),
  interval: option.duration({ help: 'How long --watch waits between', default: 10, min: 1, max: 86_400 }),
  deadline: option.duration({
    help: 'Longest that a check may take',
    min: 0.1,
    max: 600,
    defaultText: 'each its own, 2 to 30 s',
  }),
} as const

export const checkedOptions = {
  server: option.string({ help: 'Server to check', placeholder: 'url', defaultText: 'the one running here' }),
  token: option.string({ help: 'Token of that server', placeholder: 'token', secret: true }),
} as const

const { persistencePath, ipfsApi, gateway, offline } = contentOptions
const { iceServer, announceAddress } = mediaOptions
export const localOptions = { persistencePath, ipfsApi, gateway, offline, iceServer, announceAddress } as const

export interface ConnectivityOptions
  extends option.OptionsOf<typeof checkOptions>,
    option.OptionsOf<typeof checkedOptions>,
    option.OptionsOf<typeof localOptions> {
  readonly json: boolean
  readonly quiet: boolean
}
