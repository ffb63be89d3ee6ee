// The keeper with programs that behave as a browser may: real processes, that are gone whichever way the tool ends.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { type RunningBrowser, runBrowser } from '../../../../src/lib/load/browser/run-browser.ts'
import { until } from '../../../support/e2e.ts'
import { stateOf } from '../../../support/processes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
const isGone = (pid: number) => [undefined, 'Z'].includes(stateOf(pid))

/** A program that says where it was started and with what, starts another one, and then does this. */
async function program(then: string): Promise<string> {
  const path = join(folder, 'browser')
  const lines = ['#!/bin/sh', `echo "$$" > ${folder}/pid`, `sleep 300 & echo "$!" > ${folder}/child`]
  await writeFile(path, [...lines, `for last; do :; done; echo "$HOME $last" > ${folder}/told`, then, ''].join('\n'))
  await chmod(path, 0o755)
  return path
}

const numberIn = (name: string) =>
  until(`the program has written ${name}`, async () => Number(await readFile(join(folder, name), 'utf8')))

async function started() {
  const [pid, child] = [await numberIn('pid'), await numberIn('child')]
  const told = await until('the program has said where it is', () => readFile(join(folder, 'told'), 'utf8'))
  const [home, first] = told.trim().split(' ')
  return { pid, child, home: home!, first: new URL(first!) }
}

function run(path: string): RunningBrowser & { ends: string[]; notes: string[] } {
  const [ends, notes]: [string[], string[]] = [[], []]
  const browser = runBrowser({
    kind: 'chromium',
    program: path,
    url: 'http://127.0.0.1:1/secret/',
    clock: systemClock,
    onEnd: (why) => ends.push(why),
    onNote: (text) => notes.push(text),
  })
  return { ...browser, ends, notes }
}

describe.skipIf(process.platform === 'win32')('a browser', () => {
  it('gets a folder that only this user can read, with the first page in it, and is ended with it', async () => {
    const browser = run(await program('wait'))
    const { pid, child, home, first } = await started()
    expect(dirname(first.pathname)).toBe(home)
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect(await readFile(first, 'utf8')).toContain('http://127.0.0.1:1/secret/')
    await browser.close()
    expect([isGone(pid), isGone(child), await exists(home)]).toEqual([true, true, false])
    expect(browser.ends).toEqual([])
    await browser.close()
  })

  it('that does not go when it is asked to is ended', async () => {
    const browser = run(await program(`trap '' TERM; while :; do sleep 300; done`))
    const { pid, child, home } = await started()
    await browser.close()
    expect([isGone(pid), isGone(child), await exists(home)]).toEqual([true, true, false])
  })

  it('that ends by itself is told of, with its last word, and what it left behind is ended', async () => {
    const last = `echo 'FATAL: no \u001b[31msandbox' >&2; echo noise >&2; exit 7`
    const browser = run(await program(last))
    const { child, home } = await started()
    await until('its end is told of', () => browser.ends.length > 0)
    expect(browser.ends).toEqual(['the browser ended (exit code 7): FATAL: no �[31msandbox'])
    await until('nothing is left', async () => isGone(child) && !(await exists(home)))
    await browser.close()
    expect(browser.ends).toHaveLength(1)
  })

  it('that cannot be started is told of', async () => {
    const browser = run(join(folder, 'none'))
    await until('its end is told of', () => browser.ends.length > 0)
    expect(browser.ends[0]).toContain('ENOENT')
    await browser.close()
  })

  it('whose keeper is killed is ended', async () => {
    const browser = run(await program('wait'))
    const { pid, child } = await started()
    const keeper = parentOf(pid)
    process.kill(keeper, 'SIGKILL')
    await until('its end is told of', () => browser.ends.length > 0)
    await until('nothing is left', () => isGone(pid) && isGone(child))
    await browser.close()
  })

  it('is ended, and its folder removed, when the tool is killed', async () => {
    const path = await program('wait')
    const module = join(folder, 'tool.mjs')
    const source = new URL('../../../../src/lib/load/browser/run-browser.ts', import.meta.url)
    await writeFile(
      module,
      `import { runBrowser } from ${JSON.stringify(source.href)}
       const clock = { now: () => performance.now(), after: () => ({ cancel() {} }) }
       runBrowser({ kind: 'firefox', program: ${JSON.stringify(path)}, url: 'http://127.0.0.1:1/', clock, onEnd() {}, onNote() {} })`,
    )
    const tool = spawn(process.execPath, [pathToFileURL(module).pathname], { stdio: 'ignore' })
    const { pid, child, home } = await started()
    const ended = once(tool, 'exit')
    tool.kill('SIGKILL')
    await ended
    await until('nothing is left', async () => isGone(pid) && isGone(child) && !(await exists(home)))
  })
})

const parentOf = (pid: number) =>
  Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).trim())
