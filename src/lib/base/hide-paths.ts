// Where things lie on this machine is nobody's business: folders that are known are called by what they are for.
import { sep } from 'node:path'

export type HidePaths = (text: string) => string

/**
 * Replaces the folders, as they are and as JSON has them, the longest first. A folder at the root of the file system (`/app`) stays:
 * an address may begin like it.
 */
export function createPathHider(folders: Readonly<Record<string, string | undefined>>): HidePaths {
  const known = Object.entries(folders)
    .filter((entry): entry is [string, string] => (entry[1]?.split(sep).filter(Boolean).length ?? 0) > 1)
    .flatMap(([name, folder]) => [
      { folder, name: `<${name}>` },
      { folder: JSON.stringify(folder).slice(1, -1), name: `<${name}>` },
    ])
    .sort((a, b) => b.folder.length - a.folder.length)
  return (text) => {
    let shown = text
    for (const { folder, name } of known) if (shown.includes(folder)) shown = shown.replaceAll(folder, name)
    return shown
  }
}
