// The process as one value: commands see only this, so that tests run them without a process.

/** To the beginning of this line, which is erased; or up so many lines. */
export type CursorMove = 'eraseLine' | { readonly up: number }

/** ECMA-48: EL and CUU. */
export const cursorText = (move: CursorMove): string =>
  move === 'eraseLine' ? '\r\u001B[2K' : move.up > 0 ? `\u001B[${move.up}A` : ''

export interface Io {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Data for the next program. The door to terminals: of control and format characters only line breaks and tabs get through. */
  out(text: string): void
  /** Progress and errors for the person; the same door. */
  err(text: string): void
  /** The only way to say something to the terminal of stderr that moves its cursor. */
  cursor(move: CursorMove): void
  readonly stdoutIsTty: boolean
  readonly stderrIsTty: boolean
  readonly columns: number
  /** Aborted by SIGINT, SIGTERM or SIGHUP; the reason is the McpxError INTERRUPTED. */
  readonly signal: AbortSignal
  /** Calls `run` at each SIGHUP from now on, which then interrupts no more. */
  onHangup(run: () => void): void
}

/** Whether to colour or animate: a TTY, and NO_COLOR absent or empty (no-color.org). */
export function isFancy(io: Pick<Io, 'stderrIsTty' | 'env'>): boolean {
  return io.stderrIsTty && !io.env.NO_COLOR && io.env.TERM !== 'dumb'
}
