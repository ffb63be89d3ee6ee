// The load test against a real server: many at once, and everything that can end or disturb it.
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LoadResult, loadResult } from '../../src/lib/protocol/load-result.ts'
import { run, saySkipped, until } from '../support/e2e.ts'
import { type Cli, launcher, scratchFolder, startCli } from '../support/e2e-server.ts'
import { childrenOf } from '../support/processes.ts'

let scratch: Awaited<ReturnType<typeof scratchFolder>>
let serve: Cli
let server: { readonly url: string; readonly sample: { readonly cid: string } }

const startServe = async () => {
  const options = ['--port', '0', '--json', '--sample', '--isolation', '--offline', '--disable-webrtc-metrics']
  const cli = startCli(['serve', '--rate-limit', '0', ...options], { home: scratch.path })
  return { cli, ready: await cli.event<typeof server>('ready') }
}

beforeAll(async () => {
  scratch = await scratchFolder()
  const { cli, ready } = await startServe()
  serve = cli
  server = ready
})

afterAll(async () => {
  serve?.kill('SIGINT')
  await serve?.exit
  await scratch?.remove()
})

const startTest = (args: readonly string[], { url } = server) =>
  startCli(['test-client', '--json', '--server', url, '--cid', server.sample.cid, ...args], { home: scratch.path })

async function resultOf(cli: Cli): Promise<{ code: number | null; result: LoadResult }> {
  const code = await cli.exit
  const [line, ...others] = cli.lines()
  if (!line || others.length > 0) throw new Error(`no result, exit ${code}: ${cli.stdout()} ${cli.stderr()}`)
  return { code, result: loadResult.parse(line) }
}
const test = async (args: readonly string[]) => resultOf(startTest(args))

/** Streams that the server sends. */
async function openStreams(url = server.url): Promise<number> {
  const live = (await (await fetch(`${url}/api/v0/webrtc/live`)).json()) as { connections: { state: string }[] }
  return live.connections.filter(({ state }) => state === 'active').length
}
/** Progress says that so many watch. */
const watches = (cli: Cli, count: number) =>
  until(`${count} watch`, async () => (await openStreams()) >= count && cli.child.exitCode === null, {
    timeoutMs: 30_000,
  })

describe('a load test', () => {
  it('has a hundred viewers at once, who all play, and leaves nothing behind', async () => {
    const { code, result } = await test(['--viewers', '100', '--ramp', '8', '--duration', '25'])
    expect([code, result.outcome]).toEqual([0, 'complete'])
    expect(result.summary).toMatchObject({ viewers: 100, sessions: 100, connected: 100, failed: 0, errors: [] })
    for (const { frames, watchedS, startupMs, connectMs } of result.sessions) {
      expect(startupMs).toBeGreaterThanOrEqual(connectMs!)
      expect(frames / watchedS).toBeGreaterThan(20)
    }
    expect(result.figures.startup).toMatchObject({ count: 100, max: expect.any(Number) })
    expect(Math.max(...result.timeline.map(({ watching }) => watching))).toBe(100)
    await until('every stream is closed', async () => (await openStreams()) === 0)
  })

  it('has a crowd come at one moment', async () => {
    const { code, result } = await test(['--viewers', '40', '--scenario', 'flash-crowd', '--duration', '10'])
    expect([code, result.outcome]).toEqual([0, 'complete'])
    expect(new Set(result.sessions.map(({ plannedS }) => plannedS))).toEqual(new Set([0]))
    expect(result.summary).toMatchObject({ sessions: 40, connected: 40, failed: 0 })
  })

  it('does at random what viewers do, and the same again with the same seed', async () => {
    const args = ['--viewers', '4', '--scenario', 'random', '--seed', '3', '--duration', '12', '--ramp', '1']
    const [one, other] = [await test(args), await test([...args, '--processes', '2'])]
    for (const { code, result } of [one, other]) {
      expect([code, result.outcome]).toEqual([0, 'complete'])
      expect(result.sessions.reduce((sum, { actions }) => sum + actions, 0)).toBeGreaterThan(4)
      expect(result.summary.failed).toBe(0)
    }
    const planOf = ({ result }: typeof one) => result.sessions.map(({ viewer, plannedS }) => [viewer, plannedS])
    expect(planOf(other)).toEqual(planOf(one))
  })

  it('says when the server went away in the middle, and keeps what was measured', async () => {
    const { cli, ready } = await startServe()
    const running = startTest(['--viewers', '8', '--ramp', '0', '--duration', '60'], ready)
    await until('eight watch', async () => (await openStreams(ready.url)) === 8, { timeoutMs: 30_000 })
    cli.kill('SIGKILL')
    const killedMs = performance.now()
    const { code, result } = await resultOf(running)
    expect([code, result.outcome]).toEqual([3, 'server-gone'])
    expect(result.summary).toMatchObject({ sessions: 8, connected: 8, failed: 8 })
    expect(result.summary.errors).toEqual([expect.objectContaining({ code: 'SERVER_UNREACHABLE', count: 8 })])
    expect(result.figures.startup!.max).not.toBeNull()
    // Asked over HTTP, and not by each viewer for half a minute.
    expect(performance.now() - killedMs).toBeLessThan(20_000)
  })

  it('says when a server that stops says goodbye to its viewers', async () => {
    const { cli, ready } = await startServe()
    const running = startTest(['--viewers', '3', '--ramp', '0', '--duration', '60'], ready)
    await until('three watch', async () => (await openStreams(ready.url)) === 3, { timeoutMs: 30_000 })
    cli.kill('SIGINT')
    const { code, result } = await resultOf(running)
    expect([code, result.outcome]).toEqual([3, 'server-gone'])
  })

  it('sums up what there is at Ctrl-C', async () => {
    const running = startTest(['--viewers', '5', '--ramp', '0', '--duration', '60'])
    await watches(running, 5)
    running.kill('SIGINT')
    const { code, result } = await resultOf(running)
    expect([code, result.outcome]).toEqual([130, 'interrupted'])
    expect(result.summary).toMatchObject({ sessions: 5, failed: 0 })
    expect(result.sessions.every(({ outcome }) => outcome === 'interrupted')).toBe(true)
    await until('every stream is closed', async () => (await openStreams()) === 0)
  })

  it('goes on without a process of viewers that died, and says so', async () => {
    const running = startTest(['--viewers', '6', '--ramp', '0', '--duration', '12', '--processes', '2'])
    await watches(running, 6)
    const [first] = childrenOf(running.child.pid!)
    process.kill(first!, 'SIGKILL')
    const { code, result } = await resultOf(running)
    expect([code, result.outcome]).toEqual([0, 'complete'])
    expect(result.summary).toMatchObject({ sessions: 6, failed: 3 })
    expect(result.summary.errors).toEqual([
      { code: 'INTERNAL', message: 'a process of viewers ended with signal SIGKILL', count: 3 },
    ])
    expect(result.tool.trusted).toBe(false)
    expect(result.tool.reasons).toContain('3 viewers were lost: a process of viewers ended with signal SIGKILL')
  })

  it('shows the loss and the delay that were asked for', async () => {
    const { code, result } = await test([
      '--viewers',
      '6',
      '--ramp',
      '0',
      '--duration',
      '20',
      '--impair',
      'loss=3%,delay=40ms',
    ])
    expect(code).toBe(0)
    const sum = (of: (session: LoadResult['sessions'][number]) => number) =>
      result.sessions.reduce((total, session) => total + of(session), 0)
    const sent = sum(({ packets, packetsLost, packetsRecovered }) => packets - (packetsRecovered ?? 0) + packetsLost)
    const lossRatio = sum(({ packetsLost }) => packetsLost) / sent
    // Five standard deviations of independent losses.
    expect(Math.abs(lossRatio - 0.03)).toBeLessThan(5 * Math.sqrt((0.03 * 0.97) / sent))
    expect(result.figures.rtt!.min).toBeGreaterThan(79)
    expect(result.figures.residual!.mean).toBeLessThan(result.figures.loss!.mean!)
    expect(result.plan.impairment).toContain('loss=3%')
  })

  it('starts a server of its own where none runs, and stops it', async () => {
    const cli = startCli(['serve', '--test-client', '--json', '--viewers', '2', '--duration', '5'], {
      home: scratch.path,
    })
    const { code, result } = await resultOf(cli)
    expect([code, result.outcome, result.summary.connected]).toEqual([0, 'complete', 2])
    await expect(fetch(result.server)).rejects.toThrow()
  })

  it.each([
    [['--ramp', '40s', '--duration', '20s'], 2, 'INVALID_OPTION'],
    [['--scenario', 'flash-crowd', '--ramp', '5s'], 2, 'INVALID_OPTION'],
    [['--impair', 'loss=200%'], 2, 'INVALID_OPTION'],
    [['--browser-viewers', '2'], 2, 'INVALID_OPTION'],
    [['--server', 'http://127.0.0.1:9'], 3, 'SERVER_UNREACHABLE'],
  ])('does not begin with %j', async (args, exit, code) => {
    const cli = startTest(args)
    expect(await cli.exit).toBe(exit)
    expect(cli.stdout()).toBe('')
    expect(JSON.parse(cli.stderr().trim().split('\n').at(-1)!)).toMatchObject({ event: 'error', code })
  })

  it('does not begin with more viewers than it may have files for, and says what would do', async (context) => {
    if (!existsSync('/bin/bash')) {
      saySkipped('there is no bash here to limit open files')
      return context.skip()
    }
    const command = `ulimit -n 300 && exec "$0" "$@"`
    const args = ['test-client', '--viewers', '400', '--json', '--server', server.url]
    const failure = await run('/bin/bash', ['-c', command, process.execPath, launcher, ...args]).catch((error) => error)
    expect(failure.code).toBe(1)
    expect(JSON.parse(failure.stderr)).toMatchObject({
      code: 'TOO_MANY_FILES',
      hint: expect.stringMatching(/--processes \d/),
    })
  })
})
