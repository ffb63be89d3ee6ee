// The process and the machine that it runs on, as one value.
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'

export interface Host {
  readonly pid: number
  readonly hostname: string
  /** Whether a process with this id runs here. */
  isAlive(pid: number): boolean
  /** What tells two processes apart that had the same id; undefined where the system does not say. */
  startOf(pid: number): string | undefined
}

export const systemHost: Host = {
  pid: process.pid,
  hostname: hostname(),
  isAlive(pid) {
    try {
      return process.kill(pid, 0)
    } catch (error) {
      // EPERM: it runs, as somebody else.
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  },
  startOf(pid) {
    try {
      // proc(5): field 22 of stat, counted after the command name, which may hold spaces.
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
    } catch {
      return undefined
    }
  },
}
