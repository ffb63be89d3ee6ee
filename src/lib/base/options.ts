// An option is declared once; flag, environment variable, config key, --help, the README table and validation come of it.
import { McpxError } from './errors.ts'
import { didYouMean } from './near-name.ts'
import { parseBytes, parseDurationS } from './units.ts'

/** One declared option. `T` is the value a program sees. */
export interface Option<T> {
  readonly type: 'string' | 'boolean' | 'integer' | 'number' | 'bytes' | 'duration' | 'choice' | 'list'
  readonly help: string
  /** Undefined where absent is a value of its own. */
  readonly default: T
  /** How the default reads in --help when it is computed. */
  readonly defaultText?: string
  /** The placeholder of the value in --help. */
  readonly placeholder?: string
  readonly choices?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** Of a list: one flag takes several texts. */
  readonly variadic?: boolean
  /** Never printed or logged. */
  readonly secret?: boolean
  /** Environment name besides MCPX_<NAME>, where the origin had one. */
  readonly env?: string
  /** Said in --help of a flag that is accepted before the feature it belongs to exists. */
  readonly later?: string
  /** Text or JSON value → T; throws INVALID_OPTION that names the value. */
  parse(raw: unknown): T
}

// biome-ignore lint/suspicious/noExplicitAny: the table is heterogeneous by nature; each entry keeps its own T.
export type OptionTable = Readonly<Record<string, Option<any>>>
export type OptionsOf<O extends OptionTable> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never }

type Extra<T> = Partial<Omit<Option<T>, 'parse' | 'type' | 'help' | 'default'>> & { help: string }

function fail(raw: unknown, expected: string): never {
  throw new McpxError('INVALID_OPTION', `${JSON.stringify(raw)} is not ${expected}`)
}

function withDefault<T, D>(
  parse: (raw: unknown) => T,
  extra: Extra<T> & { default?: D },
  type: Option<T>['type'],
): Option<T | D> {
  return { ...extra, type, default: extra.default as D, parse } as Option<T | D>
}

export function string<D extends string | undefined = undefined>(
  extra: Extra<string> & { default?: D },
): Option<string | D> {
  return withDefault(
    (raw) => (typeof raw === 'string' ? raw : typeof raw === 'number' ? String(raw) : fail(raw, 'a text')),
    { placeholder: 'text', ...extra },
    'string',
  )
}

export function boolean(extra: Extra<boolean> & { default?: boolean }): Option<boolean> {
  const parse = (raw: unknown) => {
    if (typeof raw === 'boolean') return raw
    if (raw === 'true' || raw === '1' || raw === 'yes') return true
    if (raw === 'false' || raw === '0' || raw === 'no' || raw === '') return false
    return fail(raw, 'true or false')
  }
  return withDefault(parse, { default: false, ...extra }, 'boolean')
}

function ranged(
  value: number,
  raw: unknown,
  extra: { min?: number | undefined; max?: number | undefined },
  what: string,
): number {
  const { min = -Infinity, max = Infinity } = extra
  if (!Number.isFinite(value)) return fail(raw, what)
  if (value < min || value > max)
    return fail(raw, `${what} ${max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`}`)
  return value
}

export function integer<D extends number | undefined = undefined>(
  extra: Extra<number> & { default?: D },
): Option<number | D> {
  const parse = (raw: unknown) => {
    const value =
      typeof raw === 'number'
        ? raw
        : typeof raw === 'string' && /^[+-]?\d+$/.test(raw.trim())
          ? Number(raw)
          : Number.NaN
    return ranged(Number.isSafeInteger(value) ? value : Number.NaN, raw, extra, 'a whole number')
  }
  return withDefault(parse, { placeholder: 'n', ...extra }, 'integer')
}

export function number<D extends number | undefined = undefined>(
  extra: Extra<number> & { default?: D },
): Option<number | D> {
  const parse = (raw: unknown) => {
    const value =
      typeof raw === 'number' ? raw : typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : Number.NaN
    return ranged(value, raw, extra, 'a number')
  }
  return withDefault(parse, { placeholder: 'n', ...extra }, 'number')
}

export function bytes<D extends number | undefined = undefined>(
  extra: Extra<number> & { default?: D },
): Option<number | D> {
  const parse = (raw: unknown) =>
    ranged(
      typeof raw === 'number' ? raw : typeof raw === 'string' ? parseBytes(raw) : fail(raw, 'a size'),
      raw,
      { min: 0, ...extra },
      'a size',
    )
  return withDefault(parse, { placeholder: 'size', ...extra }, 'bytes')
}

/** Seconds. */
export function duration<D extends number | undefined = undefined>(
  extra: Extra<number> & { default?: D },
): Option<number | D> {
  const parse = (raw: unknown) =>
    ranged(
      typeof raw === 'number' ? raw : typeof raw === 'string' ? parseDurationS(raw) : fail(raw, 'a duration'),
      raw,
      { min: 0, ...extra },
      'a duration in seconds',
    )
  return withDefault(parse, { placeholder: 'time', ...extra }, 'duration')
}

export function choice<const C extends readonly string[], D extends C[number] | undefined = undefined>(
  choices: C,
  extra: Extra<C[number]> & {
    default?: D
    ignoreCase?: boolean
    /** Older words that are taken for these. */
    aliases?: Readonly<Record<string, C[number]>>
  },
): Option<C[number] | D> {
  const { aliases = {}, ...rest } = extra
  const parse = (raw: unknown) => {
    const text = typeof raw === 'string' ? (extra.ignoreCase ? raw.toLowerCase() : raw) : undefined
    const alias = text !== undefined && Object.hasOwn(aliases, text) ? aliases[text] : undefined
    return alias ?? choices.find((c) => c === text) ?? fail(raw, `one of ${choices.join(', ')}`)
  }
  return withDefault(parse, { placeholder: 'name', ...rest, choices }, 'choice')
}

/** Repeatable flag; the environment and the config file may use commas or an array. */
export function list(extra: Extra<readonly string[]> & { default?: readonly string[] }): Option<readonly string[]> {
  const parse = (raw: unknown) => {
    const items = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : fail(raw, 'a list of texts')
    return items
      .map((item) => (typeof item === 'string' ? item.trim() : fail(item, 'a text')))
      .filter((item) => item !== '')
  }
  return withDefault(parse, { placeholder: 'item', default: [], ...extra }, 'list')
}

const words = (key: string) => key.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
export const flagOf = (key: string): string => `--${words(key)}`
export const envOf = (key: string): string => `MCPX_${words(key).replaceAll('-', '_').toUpperCase()}`

export type Origin = 'default' | 'file' | 'environment' | 'flag'

interface OptionSources {
  readonly file?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly flags?: Readonly<Record<string, unknown>>
}

export interface Resolved<O extends OptionTable> {
  readonly values: OptionsOf<O>
  readonly origins: Readonly<Record<keyof O & string, Origin>>
}

/**
 * Precedence: defaults < config file < environment < flags. An empty environment variable counts as absent. Throws
 * INVALID_OPTION (flag, environment) or INVALID_CONFIG (file) that names the place and the value.
 */
export function resolveOptions<O extends OptionTable>(table: O, sources: OptionSources): Resolved<O> {
  const values: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const [key, option] of Object.entries(table)) {
    const found = candidatesFor(key, option, sources).find(([, raw]) => raw !== undefined)
    origins[key] = found ? found[0] : 'default'
    values[key] = found ? parseNamed(option, ...found) : option.default
  }
  return { values: values as OptionsOf<O>, origins: origins as Resolved<O>['origins'] }
}

type Candidate = [origin: Origin, raw: unknown, place: string]

function candidatesFor(key: string, option: Option<unknown>, sources: OptionSources): Candidate[] {
  const names = [envOf(key), ...(option.env ? [option.env] : [])]
  const env = names.find((name) => sources.env?.[name])
  return [
    ['flag', sources.flags?.[key], flagOf(key)],
    ['environment', env && sources.env?.[env], env ?? ''],
    ['file', sources.file?.[key], `"${key}" in the config file`],
  ]
}

function parseNamed<T>(option: Option<T>, origin: Origin, raw: unknown, place: string): T {
  try {
    return option.parse(raw)
  } catch (error) {
    if (!(error instanceof McpxError)) throw error
    const reason = option.secret ? 'the value is not valid' : error.message
    throw new McpxError(origin === 'file' ? 'INVALID_CONFIG' : 'INVALID_OPTION', `${place}: ${reason}`)
  }
}

/** Throws INVALID_CONFIG for a key that no option of any of the tables has, with the nearest names. */
export function checkConfigKeys(file: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  for (const key of Object.keys(file)) {
    if (known.includes(key)) continue
    throw new McpxError('INVALID_CONFIG', `unknown key "${key}" in the config file${didYouMean(key, known)}`)
  }
}
