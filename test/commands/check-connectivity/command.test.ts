import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { main } from '../../../src/cli.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { packageVersion } from '../../../src/lib/base/version.ts'
import type { CheckResult, RunServerChecks, ServerChecksRequest } from '../../../src/lib/model/check.ts'
import { checksReport } from '../../../src/lib/protocol/checks.ts'
import { deadAddress } from '../../support/e2e-server.ts'
import { startHttp, token } from '../../support/http-api.ts'
import { createTestIo } from '../../support/test-io.ts'

const version = packageVersion()

/** Runs the command where nothing of this machine is found. */
async function check(...argv: string[]) {
  const repo = await mkdtemp(join(tmpdir(), 'mcpx-check-'))
  onTestFinished(() => rm(repo, { recursive: true }))
  const io = createTestIo(['check-connectivity', ...argv, '--persistence-path', repo, '--offline'])
  return { io, code: await main(io) }
}
const reportOf = (text: string) => checksReport.parse(JSON.parse(text))

describe('mcpx check-connectivity', () => {
  it('passes a server that is well, as a table and as JSON of the published schema', async () => {
    const { url } = await startHttp({}, { version })
    const table = await check('api', '--server', url)
    expect(table.code).toBe(0)
    expect(table.io.stdout()).toMatch(/^ pass +api +\d+(\.\d)? ms +mcpx \S+, well$/m)
    expect(table.io.stdout()).toContain(`${url}: 1 passed, 0 warnings, 0 failed, 0 skipped`)
    const { io, code } = await check('api', '--server', url, '--json')
    expect(code).toBe(0)
    expect(reportOf(io.stdout())).toMatchObject({ server: url, serverState: 'reached', outcome: 'passed' })
  })

  it('exits with 1 and says cause and fix, in 80 columns, where a check fails', async () => {
    const { url } = await startHttp({}, { version, problems: () => ['the disk is full'] })
    const { io, code } = await check('api', '--server', url)
    expect(code).toBe(1)
    expect(io.stdout()).toMatch(/^ fail .*the disk is full$/m)
    expect(io.stdout()).toMatch(/^ +why: The server runs/m)
    expect(io.stdout()).toMatch(/^ +fix: Look at/m)
    for (const line of io.stdout().split('\n')) if (!line.includes(url)) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('exits with 3 where the server cannot be reached', async () => {
    const url = await deadAddress()
    const { io, code } = await check('--server', url, '--json')
    expect(code).toBe(3)
    expect(reportOf(io.stdout())).toMatchObject({ serverState: 'unreachable', outcome: 'unreachable' })
  })

  it('exits with 3 where none is named and none runs here', async () => {
    const { io, code } = await check('api', '--json')
    expect(code).toBe(3)
    expect(reportOf(io.stdout())).toMatchObject({ server: null, serverState: 'none', counts: { skipped: 1 } })
  })

  it('exits with 4 where the token is refused', async () => {
    const { url } = await startHttp({ authToken: token }, { version })
    const { io, code } = await check('api', '--server', url, '--token', 'another-token', '--json')
    expect(code).toBe(4)
    expect(reportOf(io.stdout()).outcome).toBe('refused')
    expect(io.stdout()).not.toContain('another-token')
  })

  it('holds a server to its promises without its token too', async () => {
    const { url } = await startHttp({ authToken: token, rateLimit: 600 }, { version })
    const { io, code } = await check('--security', '--server', url, '--json')
    expect(code).toBe(0)
    const { results, outcome } = reportOf(io.stdout())
    expect(outcome).toBe('passed')
    expect(results.find((result) => result.check === 'token-demand')).toMatchObject({ status: 'pass' })
    expect(results.find((result) => result.check === 'bind')).toMatchObject({ status: 'skipped' })
  })

  it.each([
    ['websockt', /no check or group "websockt".*\n.*--list|Did you mean/],
    ['ap', /Did you mean api/],
  ])('refuses the name %s before anything starts', async (name, said) => {
    const { io, code } = await check(name)
    expect(code).toBe(2)
    expect(io.stderr()).toMatch(said)
  })

  it('lists the checks', async () => {
    const { io, code } = await check('--list', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(io.stdout())).toContainEqual(expect.objectContaining({ name: 'api', group: 'server' }))
    expect((await check('--list')).io.stdout()).toMatch(/^ server +api/m)
  })

  it('watches: all of it once, then what changes, until it is interrupted', async () => {
    const problems: string[] = []
    const { url } = await startHttp({}, { version, problems: () => problems })
    const io = createTestIo(['check-connectivity', 'api', '--server', url, '--watch', '--interval', '1s'])
    const code = main(io)
    await io.waitFor('stdout', /1 passed/)
    problems.push('the disk is full')
    await io.waitFor('stdout', /^\d\d:\d\d:\d\d api: pass → fail: the disk is full$/m)
    io.interrupt()
    expect(await code).toBe(130)
  })
})

describe('GET /api/v0/checks', () => {
  const found: CheckResult = {
    check: 'disk',
    group: 'machine',
    title: 'Disk',
    where: 'server',
    status: 'pass',
    detail: 'room',
    elapsedMs: 1,
    values: { freeBytes: 1 },
  }

  it('runs the checks that are named, for an operator', async () => {
    const asked: ServerChecksRequest[] = []
    const runChecks: RunServerChecks = async (request) => {
      asked.push(request)
      return [found]
    }
    const { get } = await startHttp({ authToken: token }, { runChecks })
    expect((await get('/api/v0/checks')).status).toBe(401)
    const headers = { authorization: `Bearer ${token}` }
    const answer = await get('/api/v0/checks?name=disk&name=history&deadline=2&content=bafy', { headers })
    expect(await answer.json()).toEqual({ success: true, results: [found] })
    expect((await get('/api/v0/checks', { headers })).status).toBe(200)
    expect(asked).toEqual([{ names: ['disk', 'history'], deadlineS: 2, content: 'bafy' }, { names: [] }])
    expect((await get(`/api/v0/checks?name=${'x'.repeat(100)}`, { headers })).status).toBe(400)
  })

  it('is believed in what it was asked, and nothing else', async () => {
    const runChecks: RunServerChecks = async () => [found, { ...found, check: 'api', status: 'fail', detail: 'no' }]
    const { url } = await startHttp({}, { version, runChecks })
    const { io, code } = await check('api', 'disk', 'history', '--server', url, '--json')
    expect(code).toBe(0)
    const results = reportOf(io.stdout()).results.map(({ check, status, detail }) => [check, status, detail])
    expect(results).toEqual([
      ['api', 'pass', expect.stringContaining(version)],
      ['disk', 'pass', 'room'],
      ['history', 'skipped', 'the server does not know this check'],
    ])
  })

  it('that is not there, or refuses, leaves its checks skipped', async () => {
    const { url } = await startHttp({}, { version })
    const old = await check('disk', '--server', url, '--json')
    expect(reportOf(old.io.stdout()).results).toMatchObject([
      { status: 'skipped', detail: expect.stringContaining('too old') },
    ])
    const runChecks: RunServerChecks = async () => {
      throw new McpxError('RATE_LIMITED', 'checks are running already')
    }
    const busy = await startHttp({}, { version, runChecks })
    const { io } = await check('disk', '--server', busy.url, '--json')
    expect(reportOf(io.stdout()).results).toMatchObject([{ status: 'skipped', detail: 'checks are running already' }])
  })

  it('says that another run goes on', async () => {
    const runChecks: RunServerChecks = async () => {
      throw new McpxError('RATE_LIMITED', 'checks are running already')
    }
    const { get } = await startHttp({}, { runChecks })
    expect((await get('/api/v0/checks')).status).toBe(429)
  })
})
