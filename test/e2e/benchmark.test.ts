// The benchmark route: a real viewer in the server, a file about what it measured.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { until } from '../support/e2e.ts'
import { openStreams, scratchFolder, startServer } from '../support/e2e-server.ts'

interface Answer {
  readonly success: boolean
  readonly code?: string
  readonly benchmark_id: string
  readonly report_path: string
  readonly summary: Record<string, number | string | null>
}

describe('a benchmark of a stream', () => {
  let server: McpxServer
  let scratch: Awaited<ReturnType<typeof scratchFolder>>

  beforeAll(async () => {
    scratch = await scratchFolder()
    server = await startServer({ sample: true, mediaWorkers: 1, reportPath: join(scratch.path, 'reports') })
  })
  afterAll(async () => {
    await server?.stop()
    await scratch?.remove()
  })

  async function ask(body: object, signal?: AbortSignal): Promise<{ status: number; answer: Answer }> {
    const response = await fetch(`${server.url}/api/v0/mcp/webrtc/benchmark`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cid: server.sample!.cid, duration: 2, ...body }),
      ...(signal && { signal }),
    })
    return { status: response.status, answer: (await response.json()) as Answer }
  }

  it('says what a viewer in the server measured, and writes it', async () => {
    const { status, answer } = await ask({ duration: 3 })
    expect([status, answer]).toMatchObject([200, { success: true }])
    const { summary } = answer
    expect(summary.connection_id).toBe(answer.benchmark_id)
    expect(summary.duration_sec).toBeGreaterThanOrEqual(3)
    expect(summary.avg_frames_per_second).toBeGreaterThan(25)
    expect(summary.total_frames).toBeGreaterThan(75)
    // Throughput counts the time before the first frame too.
    expect(summary.throughput_mbps).toBeGreaterThan(0.2)
    expect([summary.video_codec, summary.audio_codec]).toEqual(['vp9', 'opus'])
    expect(summary.first_frame_time_ms).toBeGreaterThan(summary.dtls_setup_time_ms as number)
    expect(summary.p95_latency_ms).toBeGreaterThanOrEqual(summary.p50_latency_ms as number)
    expect(answer.report_path).toMatch(/^benchmarks\/webrtc_benchmark_.*_\d{8}_\d{6}\.json$/)
    const written = JSON.parse(await readFile(join(scratch.path, 'reports', answer.report_path), 'utf8'))
    expect(written.summary).toEqual(summary)
    expect(written.time_series.length).toBeGreaterThan(3)
    expect(written.events.map(({ event }: { event: string }) => event)).toEqual(['opened', 'first_frame'])
    expect(openStreams(server)).toEqual([])
  })

  it('writes a page or a table into the folder that is named, if it is one of reports', async () => {
    const page = await ask({ duration: 1, format: 'html', output_dir: 'nightly/film' })
    expect(await readFile(join(scratch.path, 'reports', page.answer.report_path), 'utf8')).toContain(
      '<title>mcpx benchmark</title>',
    )
    expect(page.answer.report_path).toMatch(/^nightly\/film\//)
    const { status, answer } = await ask({ output_dir: '../elsewhere' })
    expect([status, answer.code]).toEqual([400, 'INVALID_REQUEST'])
    expect((await ask({ duration: 100_000 })).status).toBe(400)
  })

  it('is refused at once where it cannot be kept', async () => {
    await writeFile(join(scratch.path, 'reports/file'), '')
    const { status, answer } = await ask({ duration: 60, output_dir: 'file/below' })
    expect([status, answer.code]).toEqual([400, 'INVALID_OPTION'])
    expect(openStreams(server)).toEqual([])
  })

  it('ends when nobody waits for it, and runs two at once at the most', async () => {
    const gone = new AbortController()
    const first = [ask({ duration: 60 }, gone.signal), ask({ duration: 60 }, gone.signal)]
    for (const one of first) one.catch(() => {})
    await until('two streams are open', () => openStreams(server).length === 2)
    await until('both count as benchmarks', async () => {
      const weights = await fetch(`${server.url}/api/v0/mcp/webrtc/stats/resources`)
      const { servers } = (await weights.json()) as { servers: { servers: { is_benchmark: boolean }[] } }
      return servers.servers.every((one) => one.is_benchmark)
    })
    const { status, answer } = await ask({})
    expect([status, answer.code]).toEqual([429, 'RATE_LIMITED'])
    gone.abort()
    await until('both are closed', () => openStreams(server).length === 0)
    expect((await ask({ duration: 1 })).status).toBe(200)
  })
})
