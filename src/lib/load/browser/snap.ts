// Browsers out of a snap see neither the system's temporary files nor hidden folders: their own folder in the home is where both
// they and we can write.
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const headBytes = 4096

/** Ubuntu has scripts on the PATH that start the snap. */
function headOf(path: string): string {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    return head.toString('latin1', 0, readSync(file, head, 0, headBytes, 0))
  } finally {
    closeSync(file)
  }
}

/** Where a profile for this program may be made, or undefined where it is out of no snap. Never throws. */
export function snapFolder(program: string, home = homedir()): string | undefined {
  try {
    const head = headOf(program)
    const text = head.startsWith('#!') ? `${program}\n${head}` : program
    const [, name] = /\/snap\/bin\/([\w-]+)/.exec(text) ?? []
    const folder = name === undefined ? undefined : join(home, 'snap', name, 'common')
    return folder && existsSync(folder) ? folder : undefined
  } catch {
    return undefined
  }
}
