// How an option reads: the same words in --help, in the completion scripts and in the tables of the documentation.
import { envOf, flagOf, type Option, type OptionTable } from './options.ts'

const byteUnits: readonly [string, number][] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
]

function bytesText(bytes: number): string {
  const unit = byteUnits.find(([, size]) => bytes >= size && bytes % size === 0)
  return unit ? `${bytes / unit[1]}${unit[0]}` : String(bytes)
}

/** The default as a person writes it, or undefined where there is none worth saying (absent, off, an empty list). */
function defaultTextOf(option: Option<unknown>): string | undefined {
  if (option.defaultText) return option.defaultText
  const value = option.default
  if (value === undefined || value === false || value === '') return undefined
  return valueText(option, value)
}

/** A value of the option as a person writes it. */
export function valueText(option: Option<unknown>, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) return value.length > 0 ? value.join(', ') : undefined
  if (option.type === 'bytes') return bytesText(value as number)
  if (option.type === 'duration') return `${value}s`
  return String(value)
}

/** `--port <port>`; a switch has no value. */
export function flagTextOf(key: string, option: Option<unknown>): string {
  if (option.type === 'boolean') return flagOf(key)
  return `${flagOf(key)} <${option.placeholder ?? 'value'}${option.variadic ? '...' : ''}>`
}

/** The help of an option with its choices, its default and, where it is not in force yet, that. */
export function helpTextOf(option: Option<unknown>): string {
  const notes: string[] = []
  if (option.choices) notes.push(option.choices.join(', '))
  const defaultText = defaultTextOf(option)
  if (defaultText !== undefined) notes.push(`default: ${defaultText}`)
  if (option.later) notes.push(option.later)
  return notes.length > 0 ? `${option.help} (${notes.join('; ')})` : option.help
}

/** Every environment variable that sets the option, ours first. */
function envNamesOf(key: string, option: Option<unknown>): string[] {
  return option.env && option.env !== envOf(key) ? [envOf(key), option.env] : [envOf(key)]
}

interface OptionRow {
  readonly flag: string
  readonly env: string
  readonly key: string
  readonly default: string
  readonly help: string
}

/** The rows of a table of documentation. */
export function optionRows(table: OptionTable): OptionRow[] {
  return Object.entries(table).map(([key, option]) => ({
    flag: flagTextOf(key, option),
    env: envNamesOf(key, option).join(', '),
    key,
    default: defaultTextOf(option) ?? '',
    help: [option.help, option.choices?.join(', '), option.later].filter(Boolean).join('; '),
  }))
}
