// Keeps a browser, in a process of its own: starts it in a folder of its own, and ends it and removes the folder when it is told to,
// and when the tool is gone, however that ended.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { killGroup, killProcess } from '../../base/spawn-process.ts'
import { type BrowserStart, browserCommand, firstPage } from './browser-command.ts'

/** What the tool says first; the end of the channel is all that it says later. */
export interface KeeperOrder extends Pick<BrowserStart, 'kind' | 'url'> {
  readonly program: string
  /** Where folders of programs like this one may be made; the system's place for them when absent. */
  readonly parentFolder?: string
}

export type KeeperNote =
  | { readonly type: 'started'; readonly pid: number; readonly isSandboxed: boolean }
  /** `how`: in words. */
  | { readonly type: 'ended'; readonly how: string; readonly lastLines: readonly string[] }

const isWindows = process.platform === 'win32'
/** A browser that is asked to go takes its own files away with it. */
const graceMs = 2000
const maxLines = 5
const maxLineChars = 300

function startBrowser(order: KeeperOrder, folder: string, args: readonly string[]): ChildProcess {
  // What a browser leaves behind in the home and among the temporary files goes with the folder, too.
  const own =
    isWindows || order.parentFolder ? {} : { HOME: folder, ...(process.platform === 'linux' ? { TMPDIR: folder } : {}) }
  return spawn(order.program, args, {
    env: { ...process.env, ...own, MOZ_CRASHREPORTER_DISABLE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: !isWindows,
    windowsHide: true,
  })
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`))
  })
}

/** With all that it has started. */
function kill(pid: number): void {
  if (isWindows) execFile('taskkill', ['/pid', String(pid), '/t', '/f'], () => {})
  else killProcess(pid)
}

async function endBrowser(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.pid === undefined) return
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  if (!isOver() && !isWindows) child.kill('SIGTERM')
  const timer = setTimeout(() => kill(child.pid!), isWindows ? 0 : graceMs)
  await ended
  clearTimeout(timer)
  // The group outlives its leader.
  killGroup(child.pid)
}

function lastLinesOf(child: ChildProcess): () => string[] {
  let said = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-maxLines * maxLineChars)
  })
  return () =>
    said
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-maxLines)
      .map((line) => line.slice(0, maxLineChars))
}

async function keep(order: KeeperOrder, toolGone: Promise<void>): Promise<void> {
  const tell = (note: KeeperNote) => process.connected && process.send?.(note, () => {})
  const folder = await mkdtemp(join(order.parentFolder ?? tmpdir(), 'mcpx-browser-'))
  try {
    const isRoot = process.getuid?.() === 0
    const first = pathToFileURL(join(folder, firstPage)).href
    const { files, args } = browserCommand({ ...order, folder, platform: process.platform, isRoot }, first)
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
    const child = startBrowser(order, folder, args)
    const lastLines = lastLinesOf(child)
    const ended = endOf(child)
    if (child.pid !== undefined)
      tell({ type: 'started', pid: child.pid, isSandboxed: order.kind !== 'chromium' || !isRoot })
    void ended.then((how) => tell({ type: 'ended', how, lastLines: lastLines() }))
    await Promise.race([ended, toolGone])
    await endBrowser(child, ended)
  } finally {
    // Processes of the browser may still be writing their last.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

const toolGone = new Promise<void>((gone) => process.once('disconnect', gone))
process.once('message', (order: KeeperOrder) => {
  void keep(order, toolGone)
    .catch((error: Error) => process.send?.({ type: 'ended', how: error.message, lastLines: [] } satisfies KeeperNote))
    .finally(() => process.connected && process.disconnect())
})
