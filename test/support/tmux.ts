// A real terminal without a window: a shell in tmux, on a socket of its own, with keys typed into it and its screen read back.
import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { findProgram, run, until } from './e2e.ts'
import { launcher, scratchFolder } from './e2e-server.ts'

export const tmuxPath = findProgram('tmux')

export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface Terminal {
  /** The lines on the screen now, as a person sees them. */
  screen(): Promise<string[]>
  /** Resolves with the screen once it shows this. */
  shows(what: string | RegExp, timeoutMs?: number): Promise<string>
  hides(what: string, timeoutMs?: number): Promise<string>
  /** Keys by their names in tmux: `Enter`, `Down`, `C-c`, `q`. */
  press(...keys: string[]): Promise<void>
  type(text: string): Promise<void>
  /** Runs mcpx in the shell, as soon as that waits, and says its process id. When it has ended, the screen shows `exit <code>`. */
  mcpx(args: readonly string[], options?: { preload?: string }): Promise<number>
  resize(size: Size): Promise<void>
  state(): Promise<{ isAlternate: boolean; hasCursor: boolean; title: string }>
  close(): Promise<void>
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** The folder is home and working directory of the shell. */
export async function openTerminal(home: string, size: Size = { columns: 80, rows: 24 }): Promise<Terminal> {
  const scratch = await scratchFolder()
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    TMUX_TMPDIR: scratch.path,
    LC_ALL: 'C.UTF-8',
    NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../.cache/compiled'),
  }
  const tmux = async (...args: string[]) =>
    (await run(tmuxPath!, ['-u', '-L', 'mcpx', '-f', '/dev/null', ...args], { env, cwd: home })).stdout
  const sized = ({ columns, rows }: Size) => ['-x', String(columns), '-y', String(rows)]
  await tmux('new-session', '-d', '-s', 'test', ...sized(size), `PS1='$ ' sh`)

  const screen = async () => (await tmux('capture-pane', '-p', '-t', 'test')).replace(/\n$/, '').split('\n')
  const look = async () => (await screen()).join('\n')
  const type = async (text: string) => void (await tmux('send-keys', '-t', 'test', '-l', '--', text))
  const press = async (...keys: string[]) => void (await tmux('send-keys', '-t', 'test', ...keys))
  const state = async () => {
    const format = '#{alternate_on} #{cursor_flag} #{pane_title}'
    const [isAlternate, hasCursor, ...title] = (await tmux('display-message', '-p', '-t', 'test', format)).split(' ')
    return { isAlternate: isAlternate === '1', hasCursor: hasCursor === '1', title: title.join(' ').trim() }
  }

  async function waitFor(what: string, isSo: (text: string) => boolean, timeoutMs = 15_000): Promise<string> {
    let last = ''
    try {
      await until(
        what,
        async () => {
          last = await look()
          return isSo(last)
        },
        { timeoutMs },
      )
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${last}`, { cause: error })
    }
    return last
  }

  return {
    screen,
    type,
    press,
    state,
    shows: (what, timeoutMs) =>
      waitFor(
        `the terminal shows ${what}`,
        (text) => (typeof what === 'string' ? text.includes(what) : what.test(text)),
        timeoutMs,
      ),
    hides: (what, timeoutMs) => waitFor(`the terminal hides ${what}`, (text) => !text.includes(what), timeoutMs),
    async mcpx(args, { preload } = {}) {
      const pidFile = join(scratch.path, 'pid')
      await rm(pidFile, { force: true })
      const node = [process.execPath, ...(preload ? ['--import', preload] : []), launcher, ...args]
        .map(quoted)
        .join(' ')
      // The line that is typed does not show what it prints.
      await type(`clear; sh -c ${quoted(`echo $$ > ${pidFile}; exec ${node}`)}; printf 'ex%s\\n' "it $?"`)
      await press('Enter')
      return Number(await until('mcpx runs', async () => (await readFile(pidFile, 'utf8')).trim()))
    },
    resize: async (to) => void (await tmux('resize-window', '-t', 'test', ...sized(to))),
    async close() {
      await tmux('kill-server').catch(() => {})
      await scratch.remove()
    },
  }
}
