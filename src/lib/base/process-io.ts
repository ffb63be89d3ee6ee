// The real process as an Io: signals become one AbortSignal, and a reader that went away ends the command quietly.
import { McpxError } from './errors.ts'
import { cursorText, type Io } from './io.ts'
import { plainLines } from './plain-text.ts'

const signals = ['SIGINT', 'SIGTERM'] as const
/**
 * A terminal and the launcher above us may deliver the same Ctrl-C twice; only one that comes later than this is a second one.
 */
const repeatMs = 300

/** Listens for signals and broken pipes from now on. A second interrupt ends the process at once. */
export function createProcessIo(): Io {
  const controller = new AbortController()
  let firstAtMs = 0

  const interrupt = (reason: string) => {
    if (!controller.signal.aborted) {
      firstAtMs = performance.now()
      controller.abort(new McpxError('INTERRUPTED', reason))
    } else if (performance.now() - firstAtMs > repeatMs) {
      process.exit(130)
    }
  }
  for (const name of signals) process.on(name, () => interrupt(name))
  let onHangup = () => interrupt('SIGHUP')
  process.on('SIGHUP', () => onHangup())

  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (!controller.signal.aborted) interrupt('EPIPE')
    })
  }

  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(plainLines(text)),
    err: (text) => void process.stderr.write(plainLines(text)),
    cursor: (move) => void process.stderr.write(cursorText(move)),
    stdoutIsTty: process.stdout.isTTY === true,
    stderrIsTty: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? process.stderr.columns ?? 80,
    signal: controller.signal,
    onHangup(run) {
      onHangup = run
    },
  }
}
