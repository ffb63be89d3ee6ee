// Where a browser of this machine is: on the PATH, or where its installer puts it.
import { accessSync, constants, statSync } from 'node:fs'
import { posix, win32 } from 'node:path'
import process from 'node:process'
import { McpxError } from '../../base/errors.ts'
import { plain } from '../../base/plain-text.ts'
import type { ViewerKind } from '../../protocol/load-result.ts'

export type BrowserKind = Exclude<ViewerKind, 'mcpx'>

/** What of the machine decides where to look. */
export interface Machine {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether there is a file that this user may run. */
  isProgram(path: string): boolean
}

export const thisMachine: Machine = {
  platform: process.platform,
  env: process.env,
  isProgram(path) {
    try {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    } catch {
      return false
    }
  },
}

const titles: Record<BrowserKind, string> = { chromium: 'Chromium, Chrome or Edge', firefox: 'Firefox' }

const names: Record<BrowserKind, readonly string[]> = {
  chromium: [
    'chromium',
    'chromium-browser',
    'google-chrome-stable',
    'google-chrome',
    'chrome',
    'microsoft-edge-stable',
    'microsoft-edge',
    'msedge',
  ],
  firefox: ['firefox', 'firefox-esr'],
}

const macApplications: Record<BrowserKind, readonly string[]> = {
  chromium: [
    'Chromium.app/Contents/MacOS/Chromium',
    'Google Chrome.app/Contents/MacOS/Google Chrome',
    'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  firefox: ['Firefox.app/Contents/MacOS/firefox'],
}

const windowsPrograms: Record<BrowserKind, readonly string[]> = {
  chromium: [
    'Chromium\\Application\\chrome.exe',
    'Google\\Chrome\\Application\\chrome.exe',
    'Microsoft\\Edge\\Application\\msedge.exe',
  ],
  firefox: ['Mozilla Firefox\\firefox.exe'],
}

const linuxFolders = ['/usr/bin', '/usr/local/bin', '/snap/bin']

const isText = (value: string | undefined): value is string => value !== undefined && value !== ''

/** The folders that are looked through, and the places of installers; in the order in which they are tried. */
function placesOf(kind: BrowserKind, { platform, env }: Machine): string[] {
  const isWindows = platform === 'win32'
  const { join, delimiter } = isWindows ? win32 : posix
  // Windows spells it "Path"; process.env there does not mind, a copy would.
  const path = (env.PATH ?? env.Path ?? '').split(delimiter).filter(isText)
  const folders = platform === 'linux' ? [...new Set([...path, ...linuxFolders])] : path
  const onPath = names[kind].flatMap((name) => folders.map((folder) => join(folder, isWindows ? `${name}.exe` : name)))
  if (platform === 'darwin') {
    const roots = ['/Applications', ...(isText(env.HOME) ? [join(env.HOME, 'Applications')] : [])]
    return [...onPath, ...macApplications[kind].flatMap((program) => roots.map((root) => join(root, program)))]
  }
  if (!isWindows) return onPath
  const roots = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA].filter(isText)
  return [...onPath, ...windowsPrograms[kind].flatMap((program) => roots.map((root) => join(root, program)))]
}

/**
 * Path of the program: the one that is named, or the first that is found. Throws INVALID_OPTION where there is none, with where it
 * was looked for.
 */
export function findBrowser(kind: BrowserKind, path: string | undefined, machine: Machine = thisMachine): string {
  if (path !== undefined) {
    if (machine.isProgram(path)) return path
    throw new McpxError('INVALID_OPTION', plain`--browser-path ${JSON.stringify(path)} is no program that can be run`, {
      hint: `Give the path of the program of ${titles[kind]} itself.`,
    })
  }
  const found = placesOf(kind, machine).find((place) => machine.isProgram(place))
  if (found !== undefined) return found
  const others = { linux: linuxFolders.join(', '), darwin: '/Applications', win32: 'Program Files' }
  const besides = Object.hasOwn(others, machine.platform) ? `, nor in ${others[machine.platform as 'linux']}` : ''
  throw new McpxError('INVALID_OPTION', `--browser ${kind}: no ${names[kind].join(', ')} on the PATH${besides}`, {
    hint: `Install ${titles[kind]}, or name its program with --browser-path.`,
  })
}
