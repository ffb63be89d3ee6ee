import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BenchmarkRun, BenchmarkSample } from '../../../src/lib/model/benchmark.ts'
import { benchmarkReport, renderBenchmark } from '../../../src/lib/report/benchmark.ts'

const sample: BenchmarkSample = {
  timeMs: 500,
  roundTripMs: 40,
  jitterMs: 2,
  lossRatio: 0.02,
  bitrateBps: 1_000_000,
  framesPerSecond: 30,
  width: 640,
  height: 360,
  cpuRatio: 0.5,
  videoQuality: 90,
  health: 80,
}
const run: BenchmarkRun = {
  connectionId: 'a',
  content: 'bafyfilm',
  startedAtMs: Date.parse('2026-05-04T12:00:00Z'),
  durationMs: 2000,
  iceGatheringMs: 1,
  iceConnectMs: 20,
  dtlsConnectMs: 100,
  firstFrameMs: 300,
  packetsReceived: 98,
  packetsLost: 2,
  bytesReceived: 250_000,
  framesReceived: 60,
  keyFramesReceived: 3,
  freezeCount: 1,
  freezeMs: 250,
  videoCodec: 'vp9',
  audioCodec: null,
  candidates: { host: 2, relay: 1 },
  samples: [sample, { ...sample, timeMs: 1000, roundTripMs: 60, videoQuality: null }],
  latenciesMs: [5, 6, 7, 50],
  events: [{ event: 'first_frame', timeMs: 300 }],
}
const nothing: BenchmarkRun = {
  ...run,
  firstFrameMs: null,
  packetsReceived: 0,
  packetsLost: 0,
  framesReceived: 0,
  samples: [],
  latenciesMs: [],
}

describe('a benchmark', () => {
  it('sums up what was measured, by the names of the origin', () => {
    expect(benchmarkReport(run, { duration_sec: 2 })).toMatchObject({
      summary: {
        connection_id: 'a',
        cid: 'bafyfilm',
        duration_sec: 2,
        first_frame_time_ms: 300,
        avg_rtt_ms: 50,
        avg_packet_loss_percent: 2,
        avg_bitrate_kbps: 1000,
        avg_quality_score: 90,
        keyframe_ratio: 0.05,
        avg_end_to_end_latency_ms: 17,
        p50_latency_ms: 6,
        p95_latency_ms: 50,
        throughput_bytes_per_sec: 125_000,
        throughput_mbps: 1,
        packet_loss_rate: 0.02,
        ice_candidates: { host: 2, relay: 1 },
      },
      time_series: [
        { time_ms: 500, rtt_ms: 40, packet_loss_percent: 2, cpu_percent: 50 },
        { time_ms: 1000, rtt_ms: 60, quality_score: null },
      ],
      events: [{ event: 'first_frame', time_ms: 300 }],
      config: { duration_sec: 2 },
    })
  })

  it('knows nothing where nothing was measured', async () => {
    const { summary } = benchmarkReport(nothing, {})
    for (const name of ['avg_rtt_ms', 'avg_bitrate_kbps', 'p95_latency_ms', 'packet_loss_rate', 'keyframe_ratio'])
      expect([name, summary[name]]).toEqual([name, null])
    expect(await renderBenchmark(nothing, {}, 'html')).toContain('First frame')
  })

  it('has every name as a column, and a line for each sample', async () => {
    const [head, ...lines] = (await renderBenchmark(run, {}, 'csv')).trim().split('\r\n')
    expect(head).toBe(
      'time_ms,rtt_ms,jitter_ms,packet_loss_percent,bitrate_kbps,frames_per_second,resolution_width,resolution_height,cpu_percent,quality_score,health_score',
    )
    expect(lines).toEqual(['500,40,2,2,1000,30,640,360,50,90,80', '1000,60,2,2,1000,30,640,360,50,,80'])
  })

  it('shows any text as text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (content) => {
        const html = await renderBenchmark({ ...nothing, content: `<b>${content}</script><img>` }, {}, 'html')
        expect(html).not.toMatch(/<b>[^–\d]*<\/script><img>/)
        expect(html.match(/<\/script>/g)).toHaveLength(1)
      }),
      { numRuns: 50 },
    )
  })
})
