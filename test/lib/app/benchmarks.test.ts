// Benchmarks with a real viewer of a real peer and the real writer: what a file says, where it may lie, and how many at once.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createBenchmarks } from '../../../src/lib/app/benchmarks.ts'
import type { ReportThread } from '../../../src/lib/app/report-thread.ts'
import { createReportWriter } from '../../../src/lib/app/write-reports.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { Engine } from '../../../src/lib/engine/engine.ts'
import type { BenchmarkRequest } from '../../../src/lib/model/benchmark.ts'
import { measure } from '../../../src/lib/model/figures.ts'
import type { PeerFactory } from '../../../src/lib/webrtc/peer-factory.ts'
import { PatientClock } from '../../support/patient-clock.ts'
import { createPeerEngine, type PeerEngineOptions, sendFrames } from '../../support/peer-engine.ts'
import { counted } from '../../support/stats.ts'
import { createFactory, until } from '../../support/webrtc-pair.ts'

let factory: PeerFactory
let reportFolder: string
beforeAll(async () => {
  factory = await createFactory()
})
afterAll(() => factory.close())
beforeEach(async () => {
  reportFolder = await mkdtemp(join(tmpdir(), 'mcpx-benchmarks-'))
})
afterEach(() => rm(reportFolder, { recursive: true }))

function benchmarksOf(options: PeerEngineOptions) {
  const clock = new PatientClock()
  const { engine, asked, peer } = createPeerEngine(factory, options)
  const writer = createReportWriter({ historyFolder: join(reportFolder, 'none'), reportFolder })
  const stats = async () => measure(counted({ atMs: clock.now() }), undefined)
  const benchmarks = createBenchmarks({
    engine: { ...engine, stats } as unknown as Engine,
    thread: { call: (_method, job) => writer.benchmark(job as never) } as Pick<ReportThread, 'call'>,
    reportFolder,
    clock,
  })
  const ask = (more: Partial<BenchmarkRequest> = {}) => {
    const signal = new AbortController().signal
    const running = benchmarks.run({ content: 'bafy', durationS: 2, format: 'json', owner: 'me', signal, ...more })
    running.catch(() => {})
    return running
  }
  return { benchmarks, clock, asked, peer, ask }
}

const playing = { onOpen: (peer: Parameters<typeof sendFrames>[0]) => sendFrames(peer, 5) }

describe('a benchmark', () => {
  it('is in a file below the folder of reports when its time is over, and its stream is closed', async () => {
    const { clock, asked, ask } = benchmarksOf(playing)
    const ids: string[] = []
    let isOver = false
    const running = ask({ quality: 'low', folder: 'mine', onOpen: (id) => ids.push(id) }).finally(() => {
      isOver = true
    })
    await until(() => {
      clock.pass(50)
      return isOver
    })
    const { id, path } = await running
    expect([ids, id]).toEqual([['stream-7'], 'stream-7'])
    expect(path).toMatch(/^mine\/webrtc_benchmark_stream-7_\d{8}_\d{6}\.json$/)
    const text = await readFile(join(reportFolder, path), 'utf8')
    expect(JSON.parse(text).config).toEqual({ content: 'bafy', duration_sec: 2, quality: 'low' })
    expect(asked).toEqual(['open bafy for me {"loop":true,"quality":"low"}', 'offer to stream-7', 'close stream-7'])
    expect(factory.openPeers).toBe(0)
  })

  it('leaves no stream and no file where the offer is not taken', async () => {
    const { ask, asked } = benchmarksOf({ failures: { offer: new McpxError('INVALID_SDP', 'no') } })
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_SDP' })
    expect(asked.at(-1)).toBe('close stream-7')
    expect(await readdir(join(reportFolder, 'benchmarks'))).toEqual([])
  })

  it.each(['..', '../elsewhere', '/etc', 'a/../../b', `../${'x'.repeat(5000)}`])(
    'may not lie in %.20s',
    async (folder) => {
      const { ask, asked } = benchmarksOf(playing)
      const refused = await ask({ folder }).catch((error: McpxError) => error)
      expect(refused).toMatchObject({ code: 'INVALID_REQUEST' })
      expect((refused as McpxError).message.length).toBeLessThan(300)
      expect(asked).toEqual([])
    },
  )

  it('begins only where it can be kept', async () => {
    await writeFile(join(reportFolder, 'a-file'), '')
    const { ask, asked } = benchmarksOf(playing)
    await expect(ask({ folder: 'a-file' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(asked).toEqual([])
  })
})

describe('benchmarks', () => {
  it('are two at once, and another when one is over', async () => {
    const { ask, benchmarks } = benchmarksOf({})
    const stop = new AbortController()
    const [first, second] = [ask({ signal: stop.signal }), ask()]
    await expect(ask()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    stop.abort(new McpxError('INTERRUPTED', 'enough'))
    await expect(first).rejects.toMatchObject({ code: 'INTERRUPTED' })
    const third = ask({ folder: '..' })
    await expect(third).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const fourth = ask()
    benchmarks.close()
    for (const running of [second, fourth]) await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })

  it('end with the server', async () => {
    const { ask, benchmarks, peer } = benchmarksOf({})
    const running = ask()
    await until(() => peer()?.connectionState === 'connected')
    benchmarks.close()
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'the server stops' })
    expect(factory.openPeers).toBe(0)
  })
})
