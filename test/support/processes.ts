// What becomes of other processes.
import { execFileSync } from 'node:child_process'

/** As `ps` has it: `T` is stopped, `Z` dead and not collected; undefined when there is none. */
export function stateOf(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim()[0]
  } catch {
    return undefined
  }
}

/** The pids of the children of a process, or of those that run a program of this name. */
export function childrenOf(pid: number, name?: string): number[] {
  try {
    const list = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(pid)], { encoding: 'utf8' })
    return list.split('\n').flatMap((line) => {
      const [child, program] = line.trim().split(/\s+/)
      const isOne = child !== undefined && child !== '' && program !== 'ps' && (name === undefined || program === name)
      return isOne ? [Number(child)] : []
    })
  } catch {
    return []
  }
}

/** Whether the signal could be sent: the process was still there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
