// Scoped, levelled, structured logs on pino, as JSON or as text; tokens and credentials never reach a line.
import { join } from 'node:path'
import { isatty } from 'node:tty'
import pino from 'pino'
import { McpxError } from './errors.ts'
import { makeFolder } from './folder.ts'
import type { LogFormat, LogLevel } from './log-levels.ts'
import { toLogText } from './log-text.ts'

export type { LogFormat, LogLevel } from './log-levels.ts'

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Logger
}

interface LoggerOptions {
  readonly level: LogLevel
  /** `auto` when absent. Where `write` is given nobody knows who reads: then `auto` is JSON. */
  readonly format?: LogFormat | undefined
  /** Folder that gets `mcpx.log` besides, always as JSON lines. It is made where it is missing. */
  readonly folder?: string | undefined
  /** Where lines go; stderr when absent. */
  readonly write?: (line: string) => void
}

const stderr = 2

const redactedKeys = ['token', 'authToken', 'authorization', 'cookie', 'credential', 'password', 'ticket']

/** Throws INVALID_OPTION for a folder that cannot be written to. */
export function createLogger(options: LoggerOptions): Logger {
  const paths = redactedKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
  const settings = {
    level: options.level === 'warning' ? 'warn' : options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: '[redacted]' },
  }
  return pino(settings, { write: sinkOf(options) })
}

function sinkOf({ format = 'auto', folder, write }: LoggerOptions): (line: string) => void {
  const isText = format === 'text' || (format === 'auto' && !write && isatty(stderr))
  const out = write ?? toFile(stderr)
  const show = isText ? (line: string) => out(toLogText(line)) : out
  if (folder === undefined) return show
  const keep = openFile(folder)
  return (line) => {
    show(line)
    keep(line)
  }
}

/** Synchronous: the last line before an end is the one that matters. */
function toFile(dest: number | string): (line: string) => void {
  const file = pino.destination({ dest, sync: true, append: true })
  return (line) => void file.write(line)
}

function openFile(folder: string): (line: string) => void {
  try {
    makeFolder(folder)
    return toFile(join(folder, 'mcpx.log'))
  } catch (error) {
    throw new McpxError('INVALID_OPTION', `--log-dir: ${(error as Error).message}`, {
      cause: error,
      hint: 'Name a folder that this user may write to.',
    })
  }
}

/** The logger that says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
