// The process as a value for tests: a command runs in this process, and what it wrote is read back.
import { McpxError } from '../../src/lib/base/errors.ts'
import { cursorText, type Io } from '../../src/lib/base/io.ts'
import { plainLines } from '../../src/lib/base/plain-text.ts'

export interface TestIo extends Io {
  readonly stdout: () => string
  readonly stderr: () => string
  /** As Ctrl-C does. */
  interrupt(): void
  /** As SIGHUP does: says whether anybody was there for it. */
  hangUp(): boolean
  /** Resolves with what the stream holds as soon as it matches. */
  waitFor(where: 'stdout' | 'stderr', pattern: RegExp): Promise<string>
}

export function createTestIo(argv: readonly string[], overrides: Partial<Io> = {}): TestIo {
  const controller = new AbortController()
  const written = { stdout: '', stderr: '' }
  const waiting: (() => void)[] = []
  let onHangup: (() => void) | undefined

  const write = (where: 'stdout' | 'stderr') => (text: string) => {
    written[where] += text
    for (const check of [...waiting]) check()
  }

  return {
    argv,
    env: {},
    cwd: process.cwd(),
    out: (text) => write('stdout')(plainLines(text)),
    err: (text) => write('stderr')(plainLines(text)),
    cursor: (move) => write('stderr')(cursorText(move)),
    stdoutIsTty: false,
    stderrIsTty: false,
    columns: 80,
    signal: controller.signal,
    onHangup(run) {
      onHangup = run
    },
    ...overrides,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    hangUp() {
      onHangup?.()
      return onHangup !== undefined
    },
    interrupt: () => controller.abort(new McpxError('INTERRUPTED', 'SIGINT')),
    waitFor(where, pattern) {
      return new Promise((resolve) => {
        const check = () => {
          if (!pattern.test(written[where])) return
          const at = waiting.indexOf(check)
          if (at >= 0) waiting.splice(at, 1)
          resolve(written[where])
        }
        waiting.push(check)
        check()
      })
    },
  }
}
