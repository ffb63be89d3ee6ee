// What `mcpx stream` can be told.
import * as option from '../../lib/base/options.ts'
import { parseQuality, type Quality } from '../../lib/model/quality.ts'
import type { contentOptions } from '../../lib/model/serve-options.ts'

const quality: option.Option<Quality | undefined> = {
  ...option.string({ help: 'auto, very_low … very_high, or 0-100', placeholder: 'name' }),
  default: undefined,
  parse: parseQuality,
}

export const playOptions = {
  start: option.duration({ help: 'Where to begin, for example 90s or 1:30', default: 0 }),
  duration: option.duration({ help: 'Stop after this long', min: 0.1 }),
  quality,
  output: option.string({ help: 'Record what arrives to a .webm or .mp4 file', placeholder: 'file' }),
  open: option.boolean({ help: 'Open the player in the browser too' }),
  qr: option.boolean({ help: 'Show the player URL as a QR code, on a terminal' }),
} as const

export const serverOptions = {
  server: option.string({
    help: 'Server to use',
    placeholder: 'url',
    defaultText: 'the one running here, or a new one',
  }),
  token: option.string({ help: 'Token of that server', placeholder: 'token', secret: true }),
} as const

export interface StreamOptions
  extends option.OptionsOf<typeof playOptions>,
    option.OptionsOf<typeof serverOptions>,
    option.OptionsOf<typeof contentOptions> {
  readonly json: boolean
  readonly quiet: boolean
}
