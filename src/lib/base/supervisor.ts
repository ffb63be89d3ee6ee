// Runs this program as a child and starts it again when a watched file changes: what --reload is.
import { spawn } from 'node:child_process'
import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Set in the child, which therefore does not supervise itself. */
export const supervisedEnv = 'MCPX_SUPERVISED'
/** A build writes many files: the restart waits until nothing has changed for this long. */
const settleMs = 200

export interface SuperviseOptions {
  /** Program and arguments; this very process when absent. */
  readonly command?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Files and folders (with what is beneath). */
  readonly watch: readonly string[]
  readonly signal: AbortSignal
  onRestart(changedPath: string): void
}

/** Resolves with the exit code of the child when it ends by itself or the signal stops it. */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const [program, ...args] = options.command ?? [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const changes = watchAll(options.watch)
  const stopped = new Promise<'stop'>((resolve) => {
    options.signal.addEventListener('abort', () => resolve('stop'), { once: true })
  })
  try {
    while (!options.signal.aborted) {
      const child = spawn(program!, args, { stdio: 'inherit', env: { ...options.env, [supervisedEnv]: '1' } })
      const exited = new Promise<number>((resolve, reject) => {
        child.on('error', reject)
        child.on('exit', (code, signal) => resolve(signal === 'SIGINT' ? 0 : (code ?? 1)))
      })
      const outcome = await Promise.race([exited, stopped, changes.next()])
      if (typeof outcome === 'number') return outcome
      child.kill('SIGINT')
      const code = await exited
      if (outcome === 'stop') return code
      options.onRestart(outcome.path)
    }
    return 0
  } finally {
    changes.close()
  }
}

/** The next change after the call, once it has settled. */
function watchAll(paths: readonly string[]) {
  let waiting: ((change: { path: string }) => void) | undefined
  let timer: NodeJS.Timeout | undefined

  const changed = (path: string) => {
    clearTimeout(timer)
    timer = setTimeout(() => waiting?.({ path }), settleMs)
  }
  const watchers = paths.map((path) => watchOne(path, changed))

  return {
    next: () =>
      new Promise<{ path: string }>((resolve) => {
        waiting = resolve
      }),
    close() {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** A file is watched through its folder, because editors replace files. */
function watchOne(path: string, changed: (path: string) => void): FSWatcher {
  if (statSync(path).isDirectory()) {
    return watch(path, { recursive: true }, (_event, name) => changed(join(path, name ?? '')))
  }
  return watch(dirname(path), (_event, name) => {
    if (name === basename(path)) changed(path)
  })
}
