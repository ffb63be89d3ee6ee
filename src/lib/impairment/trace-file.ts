// A trace in Mahimahi's format: each line is the millisecond of one delivery opportunity. The file is somebody else's.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { McpxError } from '../base/errors.ts'
import { plain } from '../base/plain-text.ts'

const maxTraceBytes = 16 * 2 ** 20
export const maxTraceLines = 1_000_000
/** A day. */
const maxTraceMs = 86_400_000
const hint = 'Each line is a whole number of milliseconds, not below the line before; the last is above 0.'

/** Throws INVALID_OPTION that names the file, and the line where one is at fault. */
export function readTraceFile(file: string): readonly number[] {
  return parseTrace(readText(file), file)
}

/** `file` is for messages. */
export function parseTrace(text: string, file: string): readonly number[] {
  const refuse = (why: string) => new McpxError('INVALID_OPTION', plain`trace ${file}: ${why}`, { hint })
  const trace: number[] = []
  // Line by line, so that a file without end of lines makes no array of what is not wanted.
  for (let from = 0, line = 1; from < text.length; line++) {
    const end = text.indexOf('\n', from)
    const to = end === -1 ? text.length : end
    const entry = text.slice(from, Math.min(to, from + 40)).trim()
    from = to + 1
    if (entry === '' && text.slice(from).trim() === '') break
    if (!/^\d{1,12}$/.test(entry)) throw refuse(`line ${line}: ${JSON.stringify(entry)} is not a whole number`)
    const atMs = Number(entry)
    if (atMs < (trace.at(-1) ?? 0)) throw refuse(`line ${line}: ${atMs} comes before ${trace.at(-1)}`)
    if (atMs > maxTraceMs) throw refuse(`line ${line}: ${atMs} ms is more than a day`)
    if (trace.length === maxTraceLines) throw refuse(`it has more than ${maxTraceLines} lines`)
    trace.push(atMs)
  }
  if (trace.length === 0) throw refuse('it is empty')
  if (trace.at(-1) === 0) throw refuse(`line ${trace.length}: it ends at 0, and so has no length`)
  return trace
}

function readText(file: string): string {
  const refuse = (why: string) => new McpxError('INVALID_OPTION', plain`trace ${file}: ${why}`)
  let handle: number | undefined
  try {
    // A pipe that nobody writes to would never open.
    handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stat = fstatSync(handle)
    if (!stat.isFile()) throw refuse('it is not a regular file')
    if (stat.size > maxTraceBytes) throw refuse(`it is larger than ${maxTraceBytes} bytes`)
    return readFileSync(handle, 'latin1')
  } catch (error) {
    throw error instanceof McpxError ? error : refuse((error as NodeJS.ErrnoException).code ?? 'not readable')
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}
