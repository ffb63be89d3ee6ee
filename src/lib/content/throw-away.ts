// Repos for one run only, in the system's temporary folder: those that a process left behind when it was killed are removed.
import { writeFileSync } from 'node:fs'
import { access, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Host, systemHost } from '../base/host.ts'
import { isLocked } from './repo-lock.ts'

export const throwAwayPrefix = 'mcpx-'
const marker = 'throw-away'

/** Says that nobody wants this repo when its process is gone. A repo that somebody chose a path for never has the mark. */
export function markThrowAway(path: string): void {
  writeFileSync(join(path, marker), '')
}

/** Removes what is left of dead processes in `folder` and says how many there were; what cannot be removed stays. */
export async function reapThrowAway(host: Host = systemHost, folder = tmpdir()): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  let reaped = 0
  for (const name of names) {
    const path = join(folder, name)
    if (!name.startsWith(throwAwayPrefix) || !(await isLeftBehind(path, host))) continue
    await rm(path, { recursive: true, force: true }).then(
      () => reaped++,
      () => {},
    )
  }
  return reaped
}

/** Without a lock it may just be coming into being. */
async function isLeftBehind(path: string, host: Host): Promise<boolean> {
  try {
    const version = await readFile(join(path, 'version'), 'utf8')
    await Promise.all([access(join(path, marker)), access(join(path, 'lock'))])
    return version.startsWith('mcpx-repo ') && !isLocked(path, host)
  } catch {
    return false
  }
}
