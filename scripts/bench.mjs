// `npm run bench [name…] [--quick] [--limit seconds] [--json file]`: runs bench/*.ts one after another, each in its own process, prints one table
// and writes JSON under bench/results/. It reports and asserts nothing; a goal that is missed is marked, the exit code stays 0.
import { fork } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'bench')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
/** A bench that takes longer is ended, in milliseconds; `--limit` says otherwise. */
const longest = { full: 600_000, quick: 240_000, smoke: 240_000 }

function fail(message) {
  console.error(`bench: ${message}`)
  process.exit(2)
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        smoke: { type: 'boolean' },
        limit: { type: 'string' },
        json: { type: 'string' },
      },
    })
  } catch (error) {
    return fail(
      `${error.message}\nusage: npm run bench -- [${names.join(' ')}] [--quick] [--limit seconds] [--json file]`,
    )
  }
}

function runOne(name, size, limitMs) {
  const found = { name, command: `npm run bench -- ${name}${size === 'full' ? '' : ` --${size}`}`, figures: [] }
  const child = fork(join(folder, 'support/run-one.ts'), [name, size], {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning', '--import', join(folder, 'support/probe.ts')],
    serialization: 'advanced',
  })
  const timer = setTimeout(() => {
    found.error = `not done within ${limitMs / 1000} s`
    child.kill('SIGKILL')
  }, limitMs)
  return new Promise((done) => {
    child.on('message', (message) => {
      if (message.t === 'say') console.error(`  ${name}: ${message.text}`)
      if (message.t === 'failed') found.error = message.error
      if (message.t !== 'figure') return
      found.figures.push(message.figure)
      console.error(`  ${name}: ${line(message.figure)}`)
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code !== 0) found.error ??= `ended with ${signal ?? `code ${code}`}`
      done(found)
    })
  })
}

/** Three significant digits, whole numbers whole. */
function text(value) {
  if (!Number.isFinite(value)) return '-'
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toString()
  return Number(value.toPrecision(3)).toString()
}

const spread = ({ samples, min, max }) => (samples > 1 ? ` (${text(min)}-${text(max)}, n=${samples})` : '')
const verdict = ({ goal, met }) => (goal === undefined ? '' : `${goal}: ${met ? 'met' : 'MISSED'}`)
const line = (figure) =>
  [`${figure.figure}: ${text(figure.value)} ${figure.unit}${spread(figure)}`, verdict(figure), figure.beside]
    .filter(Boolean)
    .join(' | ')

function printTable(results) {
  const rows = [['figure', 'value', 'goal', 'beside', 'load']]
  for (const { figures, error, command } of results) {
    rows.push([`# ${command}`])
    for (const figure of figures)
      rows.push([
        figure.figure,
        `${text(figure.value)} ${figure.unit}${spread(figure)}`,
        verdict(figure),
        figure.beside ?? '',
        figure.load.toFixed(1),
      ])
    if (error) rows.push([`  failed: ${error.split('\n')[0]}`])
  }
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.filter((row) => row.length > 1).map((row) => row[column].length)),
  )
  for (const row of rows)
    console.log(
      row.length === 1
        ? row[0]
        : row
            .map((cell, column) => cell.padEnd(widths[column]))
            .join('  ')
            .trimEnd(),
    )
}

const { values, positionals } = readArguments()
const unknown = positionals.find((name) => !names.includes(name))
if (unknown) fail(`there is no bench "${unknown}"; there are ${names.join(', ')}`)
const size = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full'
const limitMs = values.limit === undefined ? longest[size] : Number(values.limit) * 1000
if (!(limitMs > 0)) fail(`--limit ${values.limit} is not a number of seconds`)
const startedAt = new Date()
const results = []
for (const name of positionals.length > 0 ? positionals : names) {
  console.error(`${name} (${size}, load ${loadavg()[0].toFixed(1)})`)
  const result = await runOne(name, size, limitMs)
  if (result.error) console.error(`  ${name} failed: ${result.error}`)
  results.push(result)
}
printTable(results)
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  platform: `${process.platform} ${release()} ${process.arch}`,
  node: process.version,
}
const file = values.json
  ? resolve(values.json)
  : join(folder, 'results', `${startedAt.toISOString().replaceAll(':', '-').slice(0, 19)}.json`)
mkdirSync(resolve(file, '..'), { recursive: true })
writeFileSync(file, `${JSON.stringify({ startedAt, size, machine, results }, null, 2)}\n`)
console.error(`written to ${file}`)
process.exit(results.some(({ error }) => error) ? 1 : 0)
