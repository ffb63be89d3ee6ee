// check-connectivity: how long all checks of a healthy server on this machine take, and what the command costs before it does
// anything. On the built files.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { atMost, type BenchContext, interleave, median, ratios } from './support/bench.ts'
import { mcpx, serveBuilt } from './support/built-server.ts'
import { cpuMs } from './support/command-cpu.ts'

export const title = 'Check connectivity'

const execute = promisify(execFile)

export async function run(context: BenchContext): Promise<void> {
  await wholeRuns(context)
  const sides = {
    help: () => cpuMs(['node', mcpx, 'check-connectivity', '--help']),
    bare: () => cpuMs(['node', '-e', '0']),
  }
  await interleave(2, sides)
  const { help, bare } = await interleave(context.pick(25, 9, 2), sides)
  context.report({
    figure: '`mcpx check-connectivity --help` against `node -e 0`, CPU',
    unit: 'x',
    samples: ratios(help, bare),
    goal: atMost(2, 'x'),
    beside: `${median(help)} and ${median(bare)} ms`,
  })
}

async function wholeRuns(context: BenchContext): Promise<void> {
  const server = await serveBuilt(['--isolation', '--sample'])
  try {
    const all: { wallS: number; text: string }[] = []
    for (let i = 0; i < context.pick(15, 5, 1); i++) all.push(await checkAll(server.url))
    context.report({
      figure: '`check-connectivity --all`, a healthy local server',
      unit: 's',
      samples: all.map(({ wallS }) => wallS),
      goal: atMost(3, 's'),
      beside: `wall time, with the start of Node; ${all[0]!.text}`,
    })
  } finally {
    await server.stop()
  }
}

/** Throws where a check fails: that would be another figure. */
async function checkAll(url: string): Promise<{ wallS: number; text: string }> {
  const beganMs = performance.now()
  const { stdout } = await execute(process.execPath, [mcpx, 'check-connectivity', '--all', '--json', '--server', url])
  const wallS = (performance.now() - beganMs) / 1000
  const { counts } = JSON.parse(stdout) as { counts: Readonly<Record<string, number>> }
  return { wallS, text: `${counts.pass} checks passed, ${counts.warn} warned, ${counts.skipped} skipped` }
}
