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

/** proc(5): zombie, and dead. */
const endedStates = ['Z', 'X', 'x']

/** proc(5): the fields of stat from the third on, which is the state; the name before may hold spaces. */
function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
  } catch {
    return undefined
  }
}

export const systemHost: Host = {
  pid: process.pid,
  hostname: hostname(),
  isAlive(pid) {
    try {
      // A zombie answers too, for as long as its parent does not ask for it; in a container that may be for ever.
      return process.kill(pid, 0) && !endedStates.includes(statOf(pid)?.[0] ?? '')
    } catch (error) {
      // EPERM: it runs, as somebody else.
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  },
  startOf(pid) {
    return statOf(pid)?.[19]
  },
}

/** CPU seconds that this process has used, in all its threads. */
export function processCpuS(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** How many files and sockets this process may have open at once; undefined where the system does not say (Windows). */
export function maxOpenFiles(): number | undefined {
  // Without the names of the machine's peers, which would be looked up. Node's types do not know it.
  Object.assign(process.report, { excludeNetwork: true })
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const soft = userLimits?.open_files?.soft
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY
  return typeof soft === 'number' ? soft : undefined
}

let lastRssBytes = 0

/** Resident memory of the process; what was read last where it cannot be read: on Linux that opens a file. */
export function residentBytes(): number {
  try {
    lastRssBytes = process.memoryUsage.rss()
  } catch {}
  return lastRssBytes
}
