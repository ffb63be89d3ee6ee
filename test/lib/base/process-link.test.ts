import { afterEach, describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { linkProcess, type ProcessEnd } from '../../../src/lib/base/process-link.ts'
import { spawnProcess } from '../../../src/lib/base/spawn-process.ts'
import { stateOf } from '../../support/processes.ts'
import type { TalkingMethods } from '../../support/talking-process.ts'
import { until } from '../../support/webrtc-pair.ts'

const isPosix = process.platform !== 'win32'
const links: { stop(graceMs: number): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.stop(0)))
})

type AskedMethods = { wait: [undefined, undefined]; answer: [undefined, undefined] }

function start(settings: unknown = {}) {
  const base = new URL('../../support/e2e.ts', import.meta.url).href
  const child = spawnProcess('./talking-process', base, { settings })
  const lines: string[] = []
  const deaths: ProcessEnd[] = []
  let answers = 0
  const link = linkProcess<AskedMethods, TalkingMethods, Record<string, never>>(child, {
    handlers: {
      wait: () => new Promise<undefined>(() => {}),
      answer() {
        answers++
        return undefined
      },
    },
    onEvent() {},
    onLine: (line) => lines.push(line),
    onDeath(end) {
      deaths.push(end)
      return new McpxError('TRANSCODE_FAILED', end.how)
    },
  })
  links.push(link)
  return { child, link, lines, deaths, answers: () => answers }
}

describe('a link to a child process', () => {
  it('calls it with the settings it was started with, and without the secrets of the server', async () => {
    process.env.MCPX_TOKEN = 'secret'
    const { link } = start({ a: [1, 'two'] })
    delete process.env.MCPX_TOKEN
    expect(await link.rpc.call('settings', undefined)).toEqual({ a: [1, 'two'] })
    const env = await link.rpc.call('env', undefined)
    expect(env).toContain('PATH')
    expect(env).not.toContain('MCPX_TOKEN')
  })

  it('hands on what it says line by line, cut, and no more than so much', async () => {
    const { link, lines } = start()
    await link.rpc.call('say', { stream: 'stdout', text: 'one\ntw' })
    await link.rpc.call('say', { stream: 'stdout', text: 'o\n' })
    await link.rpc.call('say', { stream: 'stderr', text: `${'x'.repeat(5000)}\n` })
    await until(() => lines.length === 3)
    expect(lines.toSorted()).toEqual(['one', 'two', 'x'.repeat(500)])
    await link.rpc.call('say', { stream: 'stderr', text: 'again\n'.repeat(5000) })
    await link.rpc.call('exit', { code: 0 }).catch(() => {})
    expect(lines).toHaveLength(100)
  })

  it('tells how it ended and its last lines, and rejects what was asked with the error for that', async () => {
    const { link, deaths } = start()
    await link.rpc.call('say', { stream: 'stderr', text: 'all is lost' })
    await expect(link.rpc.call('exit', { code: 3 })).rejects.toMatchObject({
      code: 'TRANSCODE_FAILED',
      message: 'exit code 3',
    })
    expect(deaths).toEqual([{ how: 'exit code 3', lastLines: ['all is lost'] }])
    await expect(link.rpc.call('settings', undefined)).rejects.toMatchObject({ code: 'TRANSCODE_FAILED' })
  })

  it.skipIf(!isPosix)('says which signal ended it, and leaves no zombie', async () => {
    const { child, link, deaths } = start()
    await link.rpc.call('settings', undefined)
    child.kill('SIGSEGV')
    await until(() => deaths.length > 0)
    expect(deaths[0]!.how).toBe('signal SIGSEGV')
    expect(stateOf(child.pid!)).toBeUndefined()
  })

  it('ends one that breaks the form of a message', async () => {
    const { link, deaths } = start()
    await expect(link.rpc.call('nonsense', undefined)).rejects.toMatchObject({ code: 'TRANSCODE_FAILED' })
    expect(deaths).toHaveLength(1)
  })

  it('ends one that asks for more and more without waiting for an answer, and no other', async () => {
    const patient = start()
    await patient.link.rpc.call('ask', { method: 'answer', times: 1000 })
    await patient.link.rpc.call('ask', { method: 'wait', times: 256 })
    await patient.link.rpc.call('settings', undefined)
    const { link, deaths } = start()
    await link.rpc.call('ask', { method: 'wait', times: 100_000 }).catch(() => {})
    await until(() => deaths.length > 0)
    expect(deaths[0]!.how).toBe(isPosix ? 'signal SIGKILL' : 'exit code 1')
    expect([patient.answers(), patient.deaths]).toEqual([1000, []])
  })

  it('stops one that goes when asked, and one that does not, without a word of death', async () => {
    const willing = start()
    await willing.link.rpc.call('settings', undefined)
    await willing.link.stop(60_000)
    expect(willing.child.exitCode).toBe(0)
    const deaf = start()
    await deaf.link.rpc.call('ignore', undefined)
    await deaf.link.stop(50)
    expect(deaf.child.signalCode).toBe('SIGKILL')
    expect([...willing.deaths, ...deaf.deaths]).toEqual([])
  })

  it('tells of a program that does not start', async () => {
    const before = process.execPath
    process.execPath = '/nowhere/node'
    const { link, deaths } = start()
    process.execPath = before
    await expect(link.rpc.call('settings', undefined)).rejects.toMatchObject({
      code: 'TRANSCODE_FAILED',
      message: expect.stringContaining('ENOENT'),
    })
    expect(deaths).toHaveLength(1)
  })
})
