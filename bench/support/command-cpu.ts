// What a command costs from its start to its end.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** User and system time in milliseconds, by the shell's own account of its children. `node` is this Node. */
export async function cpuMs(command: readonly string[]): Promise<number> {
  const [file, ...args] = command[0] === 'node' ? [process.execPath, ...command.slice(1)] : command
  const { stderr } = await execute('bash', ['-c', 'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null', 'bash', file!, ...args])
  const [user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number)
  return Math.round((user! + system!) * 1000)
}
