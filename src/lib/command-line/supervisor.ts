// Runs this program as a child and starts it again when a watched file changes: what --reload is.
import { spawn } from 'node:child_process'
import { existsSync, type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Set in the child, which therefore does not supervise itself. */
export const supervisedEnv = 'MCPX_SUPERVISED'
/** A build writes many files: the restart waits until nothing has changed for this long. */
const settleMs = 500

interface SuperviseOptions {
  /** Program and arguments; this very process when absent. */
  readonly command?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Files and folders (with what is beneath). */
  readonly watch: readonly string[]
  /** What must be there before a restart: a build first removes what it then makes. */
  readonly requires?: readonly string[]
  readonly signal: AbortSignal
  /** Given what hands a SIGHUP on to the child. */
  readonly onHangup?: ((run: () => void) => void) | undefined
  onRestart(changedPath: string): void
}

/** Resolves with the exit code of the child when it ends by itself or the signal stops it. */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const [program, ...args] = options.command ?? [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const changes = watchAll(options.watch, options.requires ?? [])
  const stopped = new Promise<'stop'>((resolve) => {
    options.signal.addEventListener('abort', () => resolve('stop'), { once: true })
  })
  try {
    while (!options.signal.aborted) {
      const child = spawn(program!, args, { stdio: 'inherit', env: { ...options.env, [supervisedEnv]: '1' } })
      options.onHangup?.(() => void child.kill('SIGHUP'))
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
function watchAll(paths: readonly string[], requires: readonly string[]) {
  let waiting: ((change: { path: string }) => void) | undefined
  let timer: NodeJS.Timeout | undefined

  const changed = (path: string) => {
    clearTimeout(timer)
    timer = setTimeout(
      () => (requires.every((file) => existsSync(file)) ? waiting?.({ path }) : changed(path)),
      settleMs,
    )
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

type Watching = Pick<FSWatcher, 'close'>

function watchOne(path: string, changed: (path: string) => void): Watching {
  return statSync(path).isDirectory() ? watchFolder(path, changed) : watchEntry(path, () => changed(path))
}

/** A file or folder is watched through the folder it is in, because editors and builds replace it. */
function watchEntry(path: string, changed: () => void): Watching {
  return watch(dirname(path), (_event, name) => {
    if (name === basename(path)) changed()
  })
}

/** With what is beneath it; goes on when the folder is removed and made again. */
function watchFolder(path: string, changed: (path: string) => void): Watching {
  let inside: FSWatcher | undefined
  const open = () => {
    inside?.close()
    inside = existsSync(path)
      ? watch(path, { recursive: true }, (_e, name) => changed(join(path, name ?? '')))
      : undefined
    inside?.on('error', () => {})
  }
  const entry = watchEntry(path, () => {
    open()
    changed(path)
  })
  open()
  return {
    close() {
      entry.close()
      inside?.close()
    },
  }
}
