// Scoped, levelled, structured logs on pino, as JSON or as text; tokens and credentials never reach a line.
import { join } from 'node:path'
import { isatty } from 'node:tty'
import pino from 'pino'
import { McpxError } from './errors.ts'
import { calmJson } from './json-text.ts'
import { logFileNames, openLogFile } from './log-file.ts'
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
  /** Folder that gets a file besides, always as JSON lines. It is made where it is missing. */
  readonly folder?: string | undefined
  /** Which file: the server's own when absent. */
  readonly file?: keyof typeof logFileNames | undefined
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
  const sink = sinkOf(options)
  return pino(settings, { write: (line: string) => sink(calmJson(line)) })
}

function sinkOf({ format = 'auto', folder, file = 'server', write }: LoggerOptions): (line: string) => void {
  const isText = format === 'text' || (format === 'auto' && !write && isatty(stderr))
  const out = write ?? toStderr()
  const show = isText ? (line: string) => out(toLogText(line)) : out
  if (folder === undefined) return show
  const keep = openFile(join(folder, logFileNames[file]))
  return (line) => {
    show(line)
    keep(line)
  }
}

/** Synchronous: the last line before an end is the one that matters. */
function toStderr(): (line: string) => void {
  const file = pino.destination({ dest: stderr, sync: true })
  return (line) => void file.write(line)
}

function openFile(path: string): (line: string) => void {
  try {
    return openLogFile(path)
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
