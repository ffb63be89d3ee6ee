// The browsers that a load test in this process, or in another one, has started: their processes and folders.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

export interface BrowserProcess {
  readonly pid: number
  readonly folder: string
}

interface Row {
  readonly pid: number
  readonly parent: number
  readonly args: string
}

function rows(): Row[] {
  const list = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 24 })
  return list.split('\n').flatMap((line) => {
    const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return args === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }]
  })
}

/** Those that the keepers of this process hold. */
export function browsersOf(toolPid: number): BrowserProcess[] {
  const all = rows()
  const keepers = all.filter(({ parent, args }) => parent === toolPid && /browser\/keeper\.[jt]s/.test(args))
  return all.flatMap(({ pid, parent, args }) => {
    const [, folder] = /(\/\S*mcpx-browser-\w+)/.exec(args) ?? []
    return folder && keepers.some((keeper) => keeper.pid === parent) ? [{ pid, folder }] : []
  })
}

/** All processes that name the folder, whoever is their parent by now. */
export const processesIn = (folder: string): number[] =>
  rows()
    .filter(({ args }) => args.includes(folder))
    .map(({ pid }) => pid)

/** What is in a folder of temporary files and has the name of a browser's profile. */
export const profilesIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('mcpx-browser-'))
