// The process of one bench: runs it and sends its figures to scripts/bench.mjs. Arguments: the name and the size.
import { loadavg } from 'node:os'
import { type Bench, type BenchContext, type Figure, median, type Size } from './bench.ts'

const [name, size] = process.argv.slice(2) as [string, Size]
const tell = (message: unknown) =>
  new Promise<void>((done) => (process.send ? process.send(message, () => done()) : done(console.log(message))))

const context: BenchContext = {
  size,
  pick: (full, quick, smoke) => ({ full, quick, smoke })[size],
  say: (text) => void tell({ t: 'say', text }),
  report({ samples, goal, ...rest }) {
    const value = median(samples)
    const figure: Figure = {
      ...rest,
      value,
      min: Math.min(...samples),
      max: Math.max(...samples),
      samples: samples.length,
      ...(goal && { goal: goal.text, met: goal.met(value) }),
      load: loadavg()[0]!,
    }
    void tell({ t: 'figure', figure })
  },
}

const bench = (await import(new URL(`../${name}.ts`, import.meta.url).href)) as Bench
try {
  await bench.run(context)
  await tell({ t: 'done' })
  process.exit(0)
} catch (error) {
  await tell({ t: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  process.exit(1)
}
