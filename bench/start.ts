// Start: what `mcpx --version` costs next to a Node that does nothing, and when `mcpx serve` is ready. On the built files.
import { atMost, type BenchContext, interleave, median, ratios } from './support/bench.ts'
import { cpuMsOf, mcpx, serveBuilt } from './support/built-server.ts'
import { cpuMs } from './support/command-cpu.ts'

export const title = 'Start'

export async function run(context: BenchContext): Promise<void> {
  const sides = {
    version: () => cpuMs(['node', mcpx, '--version']),
    bare: () => cpuMs(['node', '-e', '0']),
  }
  await interleave(2, sides)
  const { version, bare } = await interleave(context.pick(25, 9, 2), sides)
  context.report({
    figure: '`mcpx --version`, CPU',
    unit: 'ms',
    samples: version,
    beside: `node -e 0: ${median(bare)} ms`,
  })
  context.report({
    figure: '`mcpx --version` against `node -e 0`',
    unit: 'x',
    samples: ratios(version, bare),
    goal: atMost(2, 'x'),
  })
  for (const options of [[], ['--sample']]) {
    const starts: { wallMs: number; cpuMs: number }[] = []
    for (let i = 0; i < context.pick(7, 3, 1); i++) starts.push(await serve(options))
    const cpu = median(starts.map((start) => start.cpuMs))
    context.report({
      figure: `\`mcpx serve ${options.join(' ')}\` ready`.replace(' `', '`'),
      unit: 'ms',
      samples: starts.map((start) => start.wallMs),
      beside: Number.isNaN(cpu) ? 'wall time' : `wall time; CPU ${cpu.toFixed(0)} ms`,
    })
  }
}

async function serve(options: readonly string[]): Promise<{ wallMs: number; cpuMs: number }> {
  const server = await serveBuilt(['--isolation', ...options])
  const cpuMs = cpuMsOf(server.pid)
  await server.stop()
  return { wallMs: server.readyMs, cpuMs }
}
