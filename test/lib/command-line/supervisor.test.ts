// --reload: a real child is started again when a watched file changes, and ends with the signal.
import { mkdir, mkdtemp, readFile, rm, watch, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { supervise } from '../../../src/lib/command-line/supervisor.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-supervise-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A child that leaves one line a start, and lives until it is interrupted. */
const child = (log: string) => [
  process.execPath,
  '-e',
  `require('fs').appendFileSync(${JSON.stringify(log)}, 'start ' + process.env.MCPX_SUPERVISED + '\\n')
   process.on('SIGINT', () => process.exit(0)); setInterval(() => {}, 1e6)`,
]

async function untilStarts(log: string, count: number): Promise<void> {
  const starts = async () => (await readFile(log, 'utf8')).split('\n').length - 1
  for await (const _change of watch(join(log, '..'))) if ((await starts()) >= count) return
}

it('restarts the child when the file changes, says so, and stops it with the signal', async () => {
  const config = join(folder, 'config.json')
  const logs = await mkdtemp(join(tmpdir(), 'mcpx-logs-'))
  const log = join(logs, 'log')
  await writeFile(log, '')
  await writeFile(config, '1')
  const controller = new AbortController()
  const changed: string[] = []
  const first = untilStarts(log, 1)
  const done = supervise({
    command: child(log),
    env: process.env,
    watch: [config],
    signal: controller.signal,
    onRestart: (path) => changed.push(path),
  })
  await first
  const second = untilStarts(log, 2)
  await writeFile(config, '2')
  await second
  controller.abort()
  expect(await done).toBe(0)
  expect(changed).toEqual([config])
  expect(await readFile(log, 'utf8')).toBe('start 1\nstart 1\n')
  await rm(logs, { recursive: true })
})

it('hands a hangup on to the child, where it is for it', async () => {
  const logs = await mkdtemp(join(tmpdir(), 'mcpx-logs-'))
  const log = join(logs, 'log')
  await writeFile(log, '')
  const controller = new AbortController()
  let hangUp = () => {}
  const code = `const say = (what) => require('fs').appendFileSync(${JSON.stringify(log)}, what + '\\n')
    process.on('SIGINT', () => process.exit(0)); process.on('SIGHUP', () => say('read again')); setInterval(() => {}, 1e6)
    say('start')`
  const started = untilStarts(log, 1)
  const done = supervise({
    command: [process.execPath, '-e', code],
    env: process.env,
    watch: [folder],
    signal: controller.signal,
    onHangup(run) {
      hangUp = run
    },
    onRestart: () => expect.unreachable(),
  })
  await started
  const heard = untilStarts(log, 2)
  hangUp()
  await heard
  controller.abort()
  expect(await done).toBe(0)
  expect(await readFile(log, 'utf8')).toBe('start\nread again\n')
  await rm(logs, { recursive: true })
})

it('waits for a build that removes and makes its folder again, and restarts once', async () => {
  const dist = join(folder, 'dist')
  const logs = await mkdtemp(join(tmpdir(), 'mcpx-logs-'))
  const log = join(logs, 'log')
  await mkdir(dist)
  await writeFile(join(dist, 'cli.js'), '1')
  await writeFile(log, '')
  const controller = new AbortController()
  let restarts = 0
  const first = untilStarts(log, 1)
  const done = supervise({
    command: child(log),
    env: process.env,
    watch: [dist],
    requires: [join(dist, 'cli.js')],
    signal: controller.signal,
    onRestart: () => restarts++,
  })
  await first
  const second = untilStarts(log, 2)
  await rm(dist, { recursive: true })
  await mkdir(dist)
  await writeFile(join(dist, 'other.js'), '2')
  await writeFile(join(dist, 'cli.js'), '2')
  await second
  controller.abort()
  expect(await done).toBe(0)
  expect(restarts).toBe(1)
  await rm(logs, { recursive: true })
})

it('ends with the code of a child that ends by itself', async () => {
  const { signal } = new AbortController()
  const command = [process.execPath, '-e', 'process.exit(7)']
  expect(await supervise({ command, env: process.env, watch: [folder], signal, onRestart: () => {} })).toBe(7)
})
