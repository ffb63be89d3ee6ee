// The terminal: what `mcpx monitor` costs with a hundred connections that all change every second. On the built files.
import { type ChildProcess, spawn } from 'node:child_process'
import { type BenchContext, interleave, median, until, wait } from './support/bench.ts'
import { cpuMsOf, mcpx, rssOf } from './support/built-server.ts'
import { quietClip } from './support/clips.ts'
import { hasPseudoTerminal, openPseudoTerminal, type PseudoTerminal } from './support/pseudo-terminal.ts'
import { startReceivers, watchMany } from './support/receivers.ts'
import { addContent, startServer } from './support/server.ts'

export const title = 'The terminal: mcpx monitor'

/** The usual one, and one in which every connection has a line. */
const sizes = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 130 },
]

export async function run(context: BenchContext): Promise<void> {
  if (!hasPseudoTerminal()) return context.say('needs script(1) of util-linux')
  const viewers = context.pick(100, 100, 4)
  const server = await startServer({ pollInterval: 1 })
  const receivers = startReceivers()
  try {
    const content = await addContent(server, 'clip.webm', quietClip(20))
    await watchMany(server.engine, receivers, content, viewers)
    for (const size of sizes) await measure(context, server.url, viewers, size)
  } finally {
    await receivers.stop()
    await server.stop()
  }
}

async function measure(
  context: BenchContext,
  url: string,
  viewers: number,
  size: { readonly columns: number; readonly rows: number },
): Promise<void> {
  const windowMs = context.pick(10_000, 4000, 500)
  const command = [process.execPath, mcpx, 'monitor', '--server', url]
  const screen = await openPseudoTerminal(command, size)
  const lines = spawn(command[0]!, [...command.slice(1), '--json', '--quiet'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await until('the screen is drawn', () => screen.writtenBytes() > 1000)
    await wait(context.pick(5000, 3000, 500))
    const bytesPerS: number[] = []
    const { drawn, heard } = await interleave(context.pick(6, 3, 1), {
      drawn: async () => {
        const before = screen.writtenBytes()
        const share = await shareOfCore(screen.pid, windowMs)
        bytesPerS.push(((screen.writtenBytes() - before) / windowMs) * 1000)
        return share
      },
      heard: () => shareOfCore(lines.pid!, windowMs),
    })
    report(context, {
      drawn,
      heard,
      bytesPerS,
      screen,
      of: `${viewers} connections at 1 Hz, ${size.columns}x${size.rows}`,
    })
  } finally {
    await screen.quit()
    await stop(lines)
  }
}

interface Measured {
  readonly drawn: readonly number[]
  readonly heard: readonly number[]
  readonly bytesPerS: readonly number[]
  readonly screen: PseudoTerminal
  readonly of: string
}

function report(context: BenchContext, { drawn, heard, bytesPerS, screen, of }: Measured): void {
  const rssBytes = rssOf(screen.pid) ?? Number.NaN
  context.report({
    figure: `CPU of the screen, ${of}`,
    unit: '% of a core',
    samples: drawn,
    beside: `${median(heard).toFixed(1)} % as lines of JSON; RSS ${(rssBytes / 2 ** 20).toFixed(0)} MiB`,
  })
  context.report({
    figure: `written to the terminal, ${of}`,
    unit: 'KiB/s',
    samples: bytesPerS.map((bytes) => bytes / 1024),
  })
}

async function shareOfCore(pid: number, windowMs: number): Promise<number> {
  const [before, startedAt] = [cpuMsOf(pid), performance.now()]
  await wait(windowMs)
  return ((cpuMsOf(pid) - before) / (performance.now() - startedAt)) * 100
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  child.kill('SIGTERM')
  await exited
}
