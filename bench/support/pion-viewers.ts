// Viewers by Pion (bench/pion-viewers), an implementation that is not ours, in a process of their own. Needs Go.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What became of viewers that joined, in milliseconds after their offers were posted. */
export interface Joined {
  readonly failed: number
  readonly error?: string
  readonly connectMs: readonly number[]
  readonly keyMs: readonly number[]
}

export interface PionViewers {
  readonly pid: number
  join(count: number, perS: number): Promise<Joined>
  /** Viewers that leave a second after they have a picture; resolves when the last has left. */
  churn(perS: number, durationMs: number): Promise<Joined>
  counts(): Promise<{ received: number; lost: number }>
  stop(): Promise<void>
}

const source = join(import.meta.dirname, '../pion-viewers')

/** Builds the program, or says undefined where there is no Go or its modules are not here and may not or cannot be had. */
function buildPion(mayDownload: boolean): string | undefined {
  const folder = join(import.meta.dirname, '../../.cache/bench')
  const program = join(folder, 'pion-viewers')
  mkdirSync(folder, { recursive: true })
  try {
    execFileSync('go', ['build', '-o', program, '.'], {
      cwd: source,
      stdio: 'pipe',
      env: { ...process.env, ...(!mayDownload && { GOPROXY: 'off' }) },
    })
    return program
  } catch {
    return undefined
  }
}

/** Viewers of what `whepUrl` says; undefined where they cannot be built. */
export function startPion(whepUrl: string, mayDownload: boolean): PionViewers | undefined {
  const program = buildPion(mayDownload)
  if (program === undefined) return undefined
  const child = spawn(program, ['-url', whepUrl], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  // One command at a time; its answer is the next line.
  let before: Promise<unknown> = Promise.resolve()
  function ask<T>(command: string): Promise<T> {
    const answer = before.then(async () => {
      child.stdin.write(`${command}\n`)
      const { value } = await lines.next()
      if (value === undefined) throw new Error(`the Pion viewers ended at "${command}"`)
      return JSON.parse(value) as T
    })
    before = answer.catch(() => {})
    return answer
  }
  return {
    pid: child.pid!,
    join: (count, perS) => ask(`join ${count} ${perS}`),
    churn: (perS, durationMs) => ask(`churn ${perS} ${durationMs}`),
    counts: () => ask('counts'),
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}
