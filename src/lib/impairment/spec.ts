// `--impair` and `--impair-at` as texts → an Impairment.
//
//   text  = part { "," part }
//   part  = preset | "offline-3s" | [ "up." | "down." ] ( key "=" value | "offline" | "online" )
//   key   = rate | trace | queue | delay | jitter | loss | burst-loss; the value "none" takes it away
//   at    = time ":" text
//
// Without a direction it is both ways, and what names one wins over what does not; a trace without one is of the way down. A preset
// stands first and replaces all that was before. Other texts change only what they name.
import { didYouMean } from '../base/near-name.ts'
import { plainText } from '../base/plain-text.ts'
import {
  type BothWays,
  type Direction,
  layOver,
  refuseContradiction,
  type SettingName,
  type Settings,
  settingNames,
  toConditions,
} from './conditions.ts'
import type { ConditionStep, Impairment } from './impairment.ts'
import { outage, presetNames, presets } from './presets.ts'
import { readTraceFile } from './trace-file.ts'
import { isQuantity, parseInstantMs, parseQuantity, quantities, refuse } from './units.ts'

type ReadTrace = (file: string) => readonly number[]

export interface ImpairmentTexts {
  /** Of `--impair`. */
  readonly base?: string
  /** Of `--impair-at`, in any order. */
  readonly at?: readonly string[]
  /** Takes the name as it was written; throws INVALID_OPTION. */
  readonly readTrace?: ReadTrace
}

const maxTextLength = 1000
const maxTexts = 1000
const maxAtMs = 86_400_000

/** Something that happens to the path, and the text that says so, for messages. */
interface Event {
  readonly atMs: number
  readonly isAfresh: boolean
  readonly changes: BothWays
  readonly place: string
}

/** Throws INVALID_OPTION that names the text, what is wrong in it, and what was perhaps meant. */
export function parseImpairment({ base, at = [], readTrace = readTraceFile }: ImpairmentTexts): Impairment {
  if (at.length > maxTexts) throw refuse('--impair-at', `there are more than ${maxTexts}`)
  const read = remembering(readTrace)
  const events = base === undefined ? [] : eventsOf(base, 0, placeOf('--impair', base), read)
  for (const text of at) {
    const place = placeOf('--impair-at', text)
    const { atMs, conditions } = splitTime(text, place)
    events.push(...eventsOf(conditions, atMs, place, read))
  }
  const texts = [...(base === undefined ? [] : [base]), ...at]
  return { text: texts.map(plainText).join(' '), steps: stepsOf(events) }
}

const placeOf = (option: string, text: string): string =>
  `${option} ${JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)}`

/** A file that is named often is read once, and stays one array when it goes to another thread. */
function remembering(readTrace: ReadTrace): ReadTrace {
  const traces = new Map<string, readonly number[]>()
  return (file) => {
    const trace = traces.get(file) ?? readTrace(file)
    traces.set(file, trace)
    return trace
  }
}

function splitTime(text: string, place: string): { atMs: number; conditions: string } {
  const colon = text.indexOf(':')
  const atMs = colon === -1 ? undefined : parseInstantMs(text.slice(0, colon))
  if (atMs === undefined) throw refuse(place, 'it reads <time>:<conditions>, as 20s:rate=300kbps')
  if (atMs > maxAtMs) throw refuse(place, 'the time is more than a day')
  return { atMs, conditions: text.slice(colon + 1) }
}

/** What one text does at its time; an outage is two events more. */
function eventsOf(text: string, atMs: number, place: string, read: ReadTrace): Event[] {
  if (text.length > maxTextLength) throw refuse(place, `it is longer than ${maxTextLength} characters`)
  const all = text.split(',').map((part) => part.trim())
  const parts = all.filter((part) => part !== outage.name)
  if (parts.length < all.length - 1) throw refuse(place, `"${outage.name}" is given twice`)
  const events: Event[] = []
  if (parts.length > 0) events.push(eventOf(parts, atMs, place, read))
  if (parts.length === all.length) return events
  const fromMs = atMs === 0 ? outage.afterMs : atMs
  const offline = (at: number, value: true | undefined): Event => {
    const settings = { offline: value }
    return { atMs: at, isAfresh: false, changes: { up: settings, down: settings }, place }
  }
  return [...events, offline(fromMs, true), offline(fromMs + outage.lengthMs, undefined)]
}

function eventOf(parts: readonly string[], atMs: number, place: string, read: ReadTrace): Event {
  const [first = '', ...others] = parts
  if (!isPreset(first)) return { atMs, isAfresh: false, changes: changesOf(parts, place, read), place }
  const preset = changesOf(presets[first].split(','), place, read)
  const over = changesOf(others, place, read)
  const changes = { up: layOver(preset.up, over.up), down: layOver(preset.down, over.down) }
  return { atMs, isAfresh: true, changes, place }
}

const isPreset = (text: string): text is keyof typeof presets => Object.hasOwn(presets, text)

function changesOf(parts: readonly string[], place: string, read: ReadTrace): BothWays {
  const seen = new Set<string>()
  const general: [SettingName, unknown][] = []
  const directed: Record<Direction, [SettingName, unknown][]> = { up: [], down: [] }
  for (const part of parts) {
    const { direction, name, value } = parsePart(part, place, read)
    const way = direction ?? (name === 'trace' ? 'down' : undefined)
    if (seen.has(`${way}.${name}`)) throw refuse(place, `${JSON.stringify(name)} is given twice`)
    seen.add(`${way}.${name}`)
    const settings = way === undefined ? general : directed[way]
    settings.push([name, value])
  }
  const settingsOf = (way: Direction): Settings => {
    const settings: Settings = Object.fromEntries([...general, ...directed[way]])
    refuseContradiction(settings, way, place)
    return settings
  }
  return { up: settingsOf('up'), down: settingsOf('down') }
}

interface Part {
  readonly direction: Direction | undefined
  readonly name: SettingName
  readonly value: unknown
}

function parsePart(part: string, place: string, read: ReadTrace): Part {
  if (part === '') throw refuse(place, 'there is nothing between two commas, or nothing at all')
  const equals = part.indexOf('=')
  const spelled = (equals === -1 ? part : part.slice(0, equals)).trim()
  const [, direction, key = ''] = /^(?:(up|down)\.)?(.*)$/is.exec(spelled) ?? []
  const way = direction?.toLowerCase() as Direction | undefined
  const name = key.toLowerCase()
  if (equals === -1) return { direction: way, ...parseWord(name, part, place) }
  if (!isSetting(name) || name === 'offline') throw unknown(key, part, place)
  return { direction: way, name, value: parseValue(name, part.slice(equals + 1).trim(), place, read) }
}

const isSetting = (name: string): name is SettingName => (settingNames as readonly string[]).includes(name)

function parseWord(word: string, part: string, place: string): { name: SettingName; value: unknown } {
  if (word === 'offline') return { name: 'offline', value: true }
  if (word === 'online') return { name: 'offline', value: undefined }
  if (isQuantity(word)) throw refuse(place, `${word} needs a value, as in ${quantities[word].example}`)
  if (word === 'trace') throw refuse(place, 'trace needs a file, as in trace=driving.down')
  if (presetNames.includes(word)) throw refuse(place, `the preset ${JSON.stringify(part)} does not stand first`)
  throw unknown(word, part, place)
}

function parseValue(name: Exclude<SettingName, 'offline'>, value: string, place: string, read: ReadTrace): unknown {
  if (value === '') throw refuse(place, `${name} needs a value`)
  if (value.toLowerCase() === 'none') return undefined
  return name === 'trace' ? read(value) : parseQuantity(name, value, place)
}

function unknown(key: string, part: string, place: string) {
  const words = part.includes('=') ? [] : ['offline', 'online', ...presetNames]
  const names = [...words, ...settingNames.filter((name) => name !== 'offline')]
  const isWay = /^[a-z]+\./i.test(key)
  const why = isWay ? 'the ways are up. and down.' : `there are ${names.join(', ')}`
  return refuse(place, `there is no ${JSON.stringify(key.slice(0, 40))}${didYouMean(key, names)}; ${why}`)
}

/** Each step says all that holds from its time on. Steps at one time become one. */
function stepsOf(events: readonly Event[]): ConditionStep[] {
  let now: BothWays = { up: {}, down: {} }
  const steps: ConditionStep[] = [{ atMs: 0, up: {}, down: {} }]
  for (const { atMs, isAfresh, changes, place } of [...events].sort((a, b) => a.atMs - b.atMs)) {
    const before: BothWays = isAfresh ? { up: {}, down: {} } : now
    now = { up: layOver(before.up, changes.up), down: layOver(before.down, changes.down) }
    const step = { atMs, up: toConditions(now.up, 'up', place), down: toConditions(now.down, 'down', place) }
    if (steps.at(-1)!.atMs === atMs) steps.pop()
    steps.push(step)
  }
  return steps
}
