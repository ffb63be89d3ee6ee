// A log line as a person reads it: `12:00:05 stream opened  stream=1ae49e11 worker=0`. Structured lines in, text out.
import { plainText, wordsOf } from './plain-text.ts'

/** A line as the logger writes it for machines. */
type LogLine = Readonly<Record<string, unknown>>

/** Longer values are cut in the middle: the beginning and the end of a CID tell it from others. */
const longestValue = 44
/** Ids are random: the first block is enough to follow a stream. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** One line of JSON → one line of text; what is not a JSON object stays as it is. */
export function toLogText(json: string): string {
  const line = parse(json)
  if (!line) return json
  const { level, time, msg, err, ...fields } = line
  const shown = Object.entries({ ...fields, ...(err === undefined ? {} : { error: reasonOf(err) }) })
  const parts = [
    clockOf(time),
    ...(level === 'info' ? [] : [`${plainText(wordsOf(level))}:`]),
    plainText(wordsOf(msg ?? '')),
    ...(shown.length > 0 ? [` ${shown.map(([name, value]) => `${plainText(name)}=${textOf(value)}`).join(' ')}`] : []),
  ]
  return `${parts.join(' ')}\n`
}

function parse(json: string): LogLine | undefined {
  try {
    const line: unknown = JSON.parse(json)
    return typeof line === 'object' && line !== null && !Array.isArray(line) ? (line as LogLine) : undefined
  } catch {
    return undefined
  }
}

/** Local time of day: a person watches now. */
function clockOf(time: unknown): string {
  const date = new Date(wordsOf(time))
  return Number.isNaN(date.getTime()) ? '--:--:--' : date.toTimeString().slice(0, 8)
}

const reasonOf = (err: unknown): unknown =>
  typeof err === 'object' && err !== null && 'message' in err ? err.message : err

function textOf(value: unknown): string {
  const text = plainText(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'))
  if (uuid.test(text)) return text.slice(0, 8)
  if (typeof value === 'string' && /[ "=]/.test(text)) return JSON.stringify(text)
  return text.length > longestValue ? `${text.slice(0, 12)}…${text.slice(-6)}` : text
}
