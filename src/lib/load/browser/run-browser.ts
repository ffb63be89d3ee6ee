// A browser as the tool sees it: started with a page, and ended on every way out.
import type { Clock } from '../../base/clock.ts'
import { plainText } from '../../base/plain-text.ts'
import { killProcess, spawnProcess } from '../../base/spawn-process.ts'
import type { BrowserKind } from './find-browser.ts'
import type { KeeperNote, KeeperOrder } from './keeper.ts'
import { snapFolder } from './snap.ts'

export interface RunningBrowser {
  /** Idempotent. Resolves when it is gone, with its folder. */
  close(): Promise<void>
}

interface RunOptions {
  readonly kind: BrowserKind
  readonly program: string
  /** Of the page. */
  readonly url: string
  readonly clock: Clock
  /** Once, unless it was closed: why it ended, in words. */
  onEnd(why: string): void
  /** Something that the person should know. */
  onNote(text: string): void
}

/** A keeper that has not ended its browser by then is ended with it. */
const closeTimeoutMs = 15_000

export function runBrowser({ kind, program, url, clock, onEnd, onNote }: RunOptions): RunningBrowser {
  const keeper = spawnProcess('./keeper', import.meta.url, { settings: {} })
  keeper.stdout?.resume()
  keeper.stderr?.resume()
  // Its pipes may be open for longer than it lives.
  const gone = new Promise<void>((resolve) => {
    keeper.once('exit', () => resolve())
    keeper.once('error', () => resolve())
  })
  let browserPid: number | undefined
  let isOver = false
  const end = (how: string) => {
    if (isOver) return
    isOver = true
    onEnd(how)
  }
  keeper.on('message', (note: KeeperNote) => {
    if (note.type === 'ended') return end(`the browser ended (${note.how})${lastWord(note.lastLines)}`)
    browserPid = note.pid
    if (!note.isSandboxed) onNote(`${kind} runs without its sandbox, because mcpx runs as root`)
  })
  keeper.on('error', (error) => end(error.message))
  void gone.then(() => {
    // Whoever ended the keeper has left its browser alone.
    if (!isOver && browserPid !== undefined) killProcess(browserPid)
    end('what keeps the browser has ended')
  })
  const parentFolder = snapFolder(program)
  const order: KeeperOrder = { kind, program, url, ...(parentFolder ? { parentFolder } : {}) }
  keeper.send(order, () => {})

  async function close(): Promise<void> {
    isOver = true
    if (keeper.connected) keeper.disconnect()
    const timer = clock.after(closeTimeoutMs, () => {
      if (browserPid !== undefined) killProcess(browserPid)
      if (keeper.pid !== undefined) killProcess(keeper.pid)
    })
    await gone
    timer.cancel()
  }
  let closing: Promise<void> | undefined
  return {
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Of a browser that complains of many things before it ends, the one that ended it. */
function lastWord(lines: readonly string[]): string {
  const line = lines.findLast((one) => /fatal|sandbox|cannot|missing/i.test(one)) ?? lines.at(-1)
  return line === undefined ? '' : `: ${plainText(line)}`
}
