// A command in a pseudo-terminal of util-linux's script(1), which keeps what the command writes: for the bytes a screen costs.
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { until } from './bench.ts'

export interface PseudoTerminal {
  /** Of the command. */
  readonly pid: number
  /** Bytes that the command has written so far. */
  writtenBytes(): number
  /** Ends the command as a person does, with `q`. */
  quit(): Promise<void>
}

export function hasPseudoTerminal(): boolean {
  if (process.platform !== 'linux') return false
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'script'), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

export async function openPseudoTerminal(
  command: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Promise<PseudoTerminal> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-bench-'))
  const [pidFile, written] = [join(folder, 'pid'), join(folder, 'written')]
  const line = `stty cols ${columns} rows ${rows}; echo $$ > ${pidFile}; exec ${command.map(quoted).join(' ')}`
  const child = spawn('script', ['-q', '-f', '-c', line, written], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
  })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  let pid = 0
  await until('the command starts', () => {
    try {
      pid = Number(readFileSync(pidFile, 'utf8'))
    } catch {}
    return pid > 0
  })
  return {
    pid,
    writtenBytes: () => statSync(written).size,
    async quit() {
      child.stdin.end('q')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
