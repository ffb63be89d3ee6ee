// The load test as programs use it; the command's own tests say what it measures.
import { describe, expect, it, onTestFinished } from 'vitest'
import { createServer, type LoadMoment, type LoadTestOptions, runLoadTest } from '../../src/lib/index.ts'
import { loadResult } from '../../src/lib/protocol/load-result.ts'
import { deadAddress } from '../support/e2e-server.ts'

const refusal = (options: Partial<LoadTestOptions>) =>
  runLoadTest({ server: 'http://127.0.0.1:9', contents: ['bafy'], ...options })

describe('runLoadTest', () => {
  it('loads a server over an impaired path, and says what became of each threshold', async () => {
    const server = await createServer({
      port: 0,
      isolation: true,
      offline: true,
      disableWebrtcMetrics: true,
      logLevel: 'error',
      mediaWorkers: 1,
    })
    onTestFinished(() => server.stop())
    const moments: LoadMoment[] = []
    const result = await runLoadTest({
      server: server.url,
      contents: [await server.engine.sample()],
      viewers: 2,
      durationS: 3,
      rampS: 0,
      impair: 'delay=40ms',
      thresholds: ['failed==0', 'startup_min<80ms'],
      onMoment: (moment) => moments.push(moment),
    })
    expect(loadResult.parse(result)).toEqual(result)
    expect(result.summary).toMatchObject({ viewers: 2, connected: 2, failed: 0 })
    // ICE alone takes a round trip of 80 ms.
    expect(result.thresholds.map(({ threshold, passed }) => [threshold, passed])).toEqual([
      ['failed==0', true],
      ['startup_min<80ms', false],
    ])
    expect(moments.length).toBeGreaterThan(0)
    expect(server.engine.list().every(({ state }) => state === 'closed')).toBe(true)
  }, 60_000)

  it.each<[Partial<LoadTestOptions>, RegExp]>([
    [{ contents: [] }, /contents/],
    [{ viewers: 0 }, /viewers is 0/],
    [{ viewers: 1.5 }, /viewers is 1\.5/],
    [{ durationS: Number.NaN }, /durationS is NaN/],
    [{ rampS: 31 }, /rampS is 31/],
    [{ rampS: 1, scenario: 'flash-crowd' }, /rampS is 1/],
    [{ processes: 65 }, /processes is 65/],
    [{ scenario: 'storm' as 'steady' }, /scenario/],
    [{ impair: 'rate=1' }, /unit/],
    [{ thresholds: ['startpu<1s'] }, /startup/],
  ])('refuses %j before anything starts', async (options, said) => {
    await expect(refusal(options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(said) as string,
    })
  })

  it('says that nobody is there', async () => {
    await expect(refusal({ server: await deadAddress() })).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  })
})
