// The options of `mcpx report`, and the periods that they name.
import { McpxError } from '../../lib/base/errors.ts'
import * as option from '../../lib/base/options.ts'
import { parseMoment } from '../../lib/base/units.ts'
import { type HistoryRange, historyTables, olderTables } from '../../lib/model/history.ts'
import { contentOptions } from '../../lib/model/serve-options.ts'

export const reportOptions = {
  format: option.choice(['html', 'json', 'csv', 'jsonl', 'parquet'] as const, {
    help: 'Default: by the ending of --output, else json; jsonl and parquet are the rows themselves',
  }),
  table: option.choice(historyTables, {
    help: 'Whose rows jsonl and parquet are',
    default: 'samples',
    aliases: olderTables,
  }),
  output: option.string({ help: 'File to write, whole or not at all; stdout otherwise', placeholder: 'file' }),
  since: option.string({ help: 'A time ago (10m, 24h, 7d) or a date', default: '24h', placeholder: 'time' }),
  until: option.string({ help: 'As --since; now when absent', placeholder: 'time' }),
  connection: option.string({ help: 'One connection alone', placeholder: 'id' }),
  compare: option.list({
    help: 'Two periods instead of one, the second against the first: from..to, each as --since',
    placeholder: 'period',
    variadic: true,
  }),
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

interface Ask {
  readonly nowMs: number
  readonly connection: string | undefined
  /** What the two moments are called where they are wrong. */
  readonly names?: readonly [since: string, until: string]
}

/** Throws INVALID_OPTION for what is no time, and for a period that ends before it begins. */
export function periodOf(since: string, until: string | undefined, ask: Ask): HistoryRange {
  const { nowMs, connection, names = ['--since', '--until'] } = ask
  const fromMs = parseMoment(since, nowMs, names[0])
  const toMs = until === undefined ? nowMs : parseMoment(until, nowMs, names[1])
  if (fromMs >= toMs)
    throw new McpxError('INVALID_OPTION', `${names[0]} ${since} is not before ${names[1]} ${until ?? 'now'}`)
  return { fromMs, toMs, ...(connection !== undefined && { connection }) }
}

/** `48h..24h 24h..now`. */
export function pairOf(texts: readonly string[], ask: Ask): [HistoryRange, HistoryRange] {
  const wrong = (why: string) =>
    new McpxError('INVALID_OPTION', `--compare ${texts.join(' ')}: ${why}`, {
      hint: 'Write --compare 48h..24h 24h..now.',
    })
  if (texts.length !== 2) throw wrong('it takes two periods')
  const [a, b] = texts.map((text) => {
    const [from = '', to = '', more] = text.split('..')
    if (!from || !to || more !== undefined) throw wrong(`"${text}" is not a valid period`)
    return periodOf(from, to === 'now' ? undefined : to, { ...ask, names: ['--compare, from', 'to'] })
  })
  return [a!, b!]
}
