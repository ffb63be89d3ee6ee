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
