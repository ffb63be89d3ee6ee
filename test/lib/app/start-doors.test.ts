// The doors besides HTTP itself: metrics on a port of their own, and the file by which commands find the server.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { announce, startWebrtcMetrics } from '../../../src/lib/app/start-doors.ts'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { type Closer, createCloser } from '../../../src/lib/base/lifecycle.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import type { Content } from '../../../src/lib/content/open-store.ts'
import type { EngineMetrics } from '../../../src/lib/metrics/metrics.ts'
import { completeServeOptions, type ServeOptions } from '../../../src/lib/model/serve-options.ts'
import { serverFilePath } from '../../../src/lib/model/server.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const tools = { clock: systemClock, logger: silentLogger }

describe('the port of the metrics', () => {
  let closer: Closer
  beforeEach(() => {
    closer = createCloser()
  })
  afterEach(async () => void (await closer.close()))

  const answer = async () => ({ contentType: 'text/plain', body: 'metrics\n' })
  const start = (over: Partial<ServeOptions>) =>
    startWebrtcMetrics(
      { ...completeServeOptions({}), ...over },
      { webrtc: answer } as unknown as EngineMetrics,
      tools,
      closer,
    )

  it('is none where they are off', async () => {
    expect(await start({ disableWebrtcMetrics: true })).toBeUndefined()
  })

  it('is another where the one that was asked for is taken, which is told', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port: requested } = taken.address() as { port: number }
    const metrics = await start({ webrtcMetricsPort: requested })
    expect(metrics).toMatchObject({ requested })
    expect(metrics!.port).not.toBe(requested)
    expect((await fetch(`${metrics!.url}/metrics`)).status).toBe(200)
  })

  it('is closed with the server', async () => {
    const metrics = await start({ webrtcMetricsPort: 0 })
    expect((await fetch(`${metrics!.url}/metrics`)).status).toBe(200)
    await closer.close()
    await expect(fetch(`${metrics!.url}/metrics`)).rejects.toThrow()
  })
})

describe('the file that names the server', () => {
  let path: string
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'mcpx-announce-'))
  })
  afterEach(() => rm(path, { recursive: true, force: true }))

  const contentAt = (repo: string) => ({ repo: { path: repo } }) as Content

  it('says who and where, to its owner alone, until the server stops', async () => {
    const closer = createCloser()
    const before = Date.now()
    await announce(contentAt(path), 'http://127.0.0.1:1234/base', tools, closer)
    const file = serverFilePath(path)
    const { pid, url, startedAt } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    expect([pid, url]).toEqual([process.pid, 'http://127.0.0.1:1234/base'])
    expect(startedAt).toBeGreaterThanOrEqual(before - 1)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await closer.close()
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('has to be written, but for a full disk', async () => {
    await expect(announce(contentAt(join(path, 'gone')), 'http://x', tools, createCloser())).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })

  it.runIf(existsSync('/dev/full'))('is written as soon as there is space on a disk that was full', async () => {
    const [clock, closer, file] = [new FakeClock(), createCloser(), serverFilePath(path)]
    await symlink('/dev/full', file)
    await announce(contentAt(path), 'http://x', { ...tools, clock }, closer)
    await rm(file)
    clock.advance(10_000)
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('http://x')
    expect(clock.pendingTimers).toBe(0)
    await closer.close()
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
