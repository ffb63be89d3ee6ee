// `mcpx test-client` as a script uses it: a real server, real viewers, exit codes, and the files that it leaves behind.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LoadResult, loadResult } from '../../src/lib/protocol/load-result.ts'
import { until } from '../support/e2e.ts'
import { type Cli, runCli, scratchFolder, startCli } from '../support/e2e-server.ts'

let home: string
let remove: () => Promise<void>
let server: Cli
let url: string

const startServer = async () => {
  const repo = ['--persistence-path', join(home, `repo-${readdirSync(home).length}`)]
  const cli = startCli(
    ['serve', '--sample', '--json', '--port', '0', '--offline', '--disable-webrtc-metrics', ...repo],
    { home },
  )
  return { cli, url: (await cli.event<{ url: string }>('ready')).url }
}
const args = (...more: string[]) => ['test-client', '--server', url, '--viewers', '4', '--duration', '4', ...more]
const test = (...more: string[]) => runCli(args(...more), { home })
const resultOf = (stdout: string): LoadResult => {
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  return loadResult.parse(JSON.parse(stdout))
}
const read = (name: string) => readFileSync(join(home, name), 'utf8')

beforeAll(async () => {
  ;({ path: home, remove } = await scratchFolder())
  ;({ cli: server, url } = await startServer())
})
afterAll(async () => {
  server?.kill('SIGINT')
  await server?.exit
  await remove?.()
})

describe('the verdict of a load test', () => {
  it('is exit 0 with JSON that fits the published schema, and files beside', async () => {
    const files = ['--html', 'a.html', '--junit', 'a.xml', '--save-baseline', 'a.json']
    const { code, stdout, stderr } = await test('--json', '--threshold', 'failed==0', ...files)
    expect(code, stderr).toBe(0)
    const result = resultOf(stdout)
    expect(result).toMatchObject({
      ...{ outcome: 'complete', summary: { viewers: 4, failed: 0 } },
      thresholds: [{ threshold: 'failed==0', value: 0, passed: true }],
    })
    expect(result.figures.startup).toMatchObject({ count: 4, max: expect.any(Number) })
    expect(read('a.html')).toContain('Load test: <span class="good">passed')
    expect(read('a.xml')).toContain('failures="0"')
    expect(loadResult.parse(JSON.parse(read('a.json')))).toEqual(result)
  })

  it('is exit 99 where a threshold fails, with the value', async () => {
    const { code, stdout, stderr } = await test(
      '--quiet',
      '--threshold',
      'startup_p95<1ms',
      '--threshold',
      'viewers==4',
    )
    expect(code, stderr).toBe(99)
    expect(stdout).toMatch(/^FAILED {3}startup_p95<1ms: [\d.]+ ms$/m)
    expect(stdout).toMatch(/^passed {3}viewers==4: 4$/m)
    expect(stdout).toMatch(/│ startup ms +│/)
    expect(stderr).toBe('')
  })

  it('ends early where it cannot hold any more', async () => {
    const { code, stdout } = await test(
      ...['--json', '--quiet', '--duration', '60', '--abort-on-fail', '--threshold', 'startup_max<1ms'],
    )
    expect(code).toBe(99)
    const { outcome, startedAt, endedAt, thresholds } = resultOf(stdout)
    expect(outcome).toBe('aborted')
    expect(Date.parse(endedAt) - Date.parse(startedAt)).toBeLessThan(40_000)
    expect(thresholds).toMatchObject([{ passed: false }])
  })

  it('is of the run against the baseline too', async () => {
    const kept = JSON.parse(read('a.json')) as LoadResult
    const { code, stdout } = await test('--json', '--quiet', '--compare-baseline', 'a.json', '--viewers', '3')
    expect(code).toBe(0)
    const { comparison } = resultOf(stdout)
    expect(comparison).toMatchObject({
      ...{ baseline: { file: 'a.json', startedAt: kept.startedAt }, test: 'Mann-Whitney U' },
      figures: { startup: { counts: [4, 3], before: kept.figures.startup!.p50, verdict: 'too few sessions' } },
    })
    expect(comparison!.warnings).toContain('the number of viewers was another: 4 before, 3 now')
  })

  it('is exit 2 before anything starts where it asks for what there is not', async () => {
    const near = await test('--threshold', 'startpu_p95<1s')
    expect([near.code, near.stderr]).toEqual([2, expect.stringContaining('did you mean "startup"?')])
    for (const wrong of [
      ['--html', 'none/a.html'],
      ['--compare-baseline', 'a.xml'],
      ['--abort-on-fail'],
      ['--baseline-tolerance', 'much'],
    ])
      expect([wrong, (await test(...wrong)).code]).toEqual([wrong, 2])
    expect(near.stdout).toBe('')
  })

  it('keeps what was measured after Ctrl-C, and of a server that dies', async () => {
    const long = ['--json', '--duration', '60', '--viewers', '2', '--junit']
    const interrupted = startCli(args(...long, 'b.xml'), { home })
    await until('viewers watch', () => /watching 2/.test(interrupted.stderr()), { timeoutMs: 60_000 })
    interrupted.kill('SIGINT')
    expect(await interrupted.exit, interrupted.stderr()).toBe(130)
    const partial = resultOf(interrupted.stdout())
    expect(partial).toMatchObject({ outcome: 'interrupted', summary: { sessions: 2, connected: 2, failed: 0 } })
    expect(read('b.xml')).toContain('interrupted: what was measured until then')

    const other = await startServer()
    const cut = startCli(args(...long, 'c.xml').with(2, other.url), { home })
    await until('viewers watch', () => /watching 2/.test(cut.stderr()), { timeoutMs: 60_000 })
    other.cli.kill('SIGKILL')
    expect(await cut.exit, cut.stderr()).toBe(3)
    expect(resultOf(cut.stdout())).toMatchObject({ outcome: 'server-gone', summary: { sessions: 2, connected: 2 } })
    expect(read('c.xml')).toContain('the server was gone')
  })
})
