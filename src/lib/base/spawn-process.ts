// Starts a child process from a module, from source under Node's type stripping or from the build: for work that may not take
// this process down with it.
import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const isWindows = process.platform === 'win32'
/** Options of this process that are not for its children: what they would listen on is taken. */
const ownEnv = /^(MCPX_|NODE_OPTIONS$|NODE_CHANNEL_)/

export interface SpawnProcessOptions {
  /** Given to the child as JSON, its first argument. */
  readonly settings: unknown
  /** Options for its Node. */
  readonly execArgv?: readonly string[]
}

/**
 * `path` is that of the module seen from `base`, without its ending. The child talks over an IPC channel in JSON, has stdout and
 * stderr as pipes and none of the secrets in the environment. On POSIX it leads a process group: Ctrl-C in a terminal is not
 * for it, and what it starts itself can be ended with it.
 */
export function spawnProcess(
  path: string,
  base: string,
  { settings, execArgv = [] }: SpawnProcessOptions,
): ChildProcess {
  const module = fileURLToPath(new URL(`${path}${extname(new URL(base).pathname)}`, base))
  return fork(module, [JSON.stringify(settings)], {
    execArgv: [...execArgv],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !ownEnv.test(name))),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Elsewhere than on POSIX it would get a console window of its own.
    detached: !isWindows,
    windowsHide: true,
  })
}

/** Ends a running process at once, with all of its group where there are groups. */
export function killProcess(pid: number): void {
  killGroup(pid)
  send(pid)
}

/** Ends what a process has started and left behind. Nothing on Windows, which has no groups. */
export function killGroup(pid: number): void {
  if (!isWindows) send(-pid)
}

function send(target: number): void {
  try {
    process.kill(target, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
