// Scoped, levelled, structured logs on pino; tokens and credentials never reach a line.
import pino from 'pino'
import type { LogLevel } from './log-levels.ts'

export { type LogLevel, logLevels } from './log-levels.ts'

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Logger
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** Where lines go; stderr when absent. */
  readonly write?: (line: string) => void
}

const redactedKeys = ['token', 'authToken', 'authorization', 'cookie', 'credential', 'password', 'ticket']

export function createLogger(options: LoggerOptions): Logger {
  const paths = redactedKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
  const settings = {
    level: options.level === 'warning' ? 'warn' : options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: '[redacted]' },
  }
  const { write } = options
  return write ? pino(settings, { write }) : pino(settings, pino.destination({ dest: 2, sync: true }))
}

/** The logger that says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
