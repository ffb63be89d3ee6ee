// The process as one value: commands see only this, so that tests run them without a process.

export interface Io {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Data for the next program. */
  out(text: string): void
  /** Progress and errors for the person. */
  err(text: string): void
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
