// argv → command → exit code, and the one place that prints an error.

import { commandsFor } from './commands/index.ts'
import { exitCodes, toMcpxError } from './lib/base/errors.ts'
import type { Io } from './lib/base/io.ts'
import { jsonLine } from './lib/base/json-text.ts'
import { plainText } from './lib/base/plain-text.ts'
import type { Command } from './lib/command-line/define-command.ts'
import { dispatch } from './lib/command-line/dispatch.ts'

/** Runs the command that `io.argv` names and resolves with the exit code; never rejects. */
export async function main(io: Io, commands?: readonly Command[]): Promise<number> {
  try {
    return (await dispatch(io, commands ?? (await commandsFor(io.argv, io.env)))) ?? exitCodes.ok
  } catch (error) {
    return reportError(io, error)
  }
}

/** Writes the error to stderr, as text or with --json as one object, and returns the exit code. An interruption is silent. */
export function reportError(io: Io, thrown: unknown): number {
  const error = toMcpxError(thrown)
  if (error.code === 'INTERRUPTED') return error.exit
  const { code, message, hint } = error
  if (says(io, 'json')) {
    io.err(jsonLine({ event: 'error', code, message, hint }))
  } else {
    io.err(`error [${code}]: ${indented(message)}\n${hint ? `  ${indented(hint)}\n` : ''}`)
  }
  if (says(io, 'debug')) io.err(`${stackOf(error)}\n`)
  return error.exit
}

/** A message may be a list. What others wrote in it begins no line at the left, where ours begin. */
const indented = (text: string) => text.split('\n').map(plainText).join('\n  ')

/** Errors may come before options are parsed, so the two that shape them are read from argv and environment directly. */
function says(io: Io, name: 'json' | 'debug'): boolean {
  const end = io.argv.indexOf('--')
  const flags = end < 0 ? io.argv : io.argv.slice(0, end)
  if (flags.includes(`--no-${name}`)) return false
  const env = io.env[`MCPX_${name.toUpperCase()}`] ?? ''
  return flags.includes(`--${name}`) || ['1', 'true', 'yes'].includes(env)
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ''
  return `${error.stack}${cause}`
}
