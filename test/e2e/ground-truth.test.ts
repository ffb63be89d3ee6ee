// What is known of a path - its delay, its loss, what goes through it, how long it was cut - is what every surface shows.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import type { Viewer } from '../../src/lib/client/viewer.ts'
import type { MeasuredSnapshot } from '../../src/lib/model/figures.ts'
import type { LiveState } from '../../src/lib/protocol/live.ts'
import { chromiumPath } from '../support/browser-chromium.ts'
import { missingParts, until } from '../support/e2e.ts'
import { openStreams, runCli, scratchFolder, startServer } from '../support/e2e-server.ts'
import { openHeadlessThrough, receives } from '../support/e2e-viewer.ts'
import { isRowOf, openScreens, type Screens } from '../support/screens.ts'
import { tmuxPath } from '../support/tmux.ts'
import { layCable, type UdpCable } from '../support/udp-cable.ts'

const polls = 12
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Within five percent of what is known. */
const near = (known: number) => ({
  asymmetricMatch: (value: unknown) => typeof value === 'number' && Math.abs(value - known) <= 0.05 * known,
  toString: () => 'near',
  toAsymmetricMatch: () => `${known} ± 5 %`,
})

const missing = missingParts({ chromium: chromiumPath, tmux: tmuxPath })

describe.skipIf(missing.length > 0)('every surface', () => {
  let server: McpxServer
  let cable: UdpCable
  let viewer: Viewer
  let screens: Screens
  let scratch: Awaited<ReturnType<typeof scratchFolder>>

  beforeAll(async () => {
    scratch = await scratchFolder()
    server = await startServer({
      sample: true,
      mediaWorkers: 1,
      pollInterval: 1,
      disableWebrtcMetrics: false,
      webrtcMetricsPort: 0,
    })
    screens = await openScreens(server, scratch.path)
  })
  afterAll(async () => {
    await screens?.close()
    await server?.stop()
    await scratch?.remove()
  })
  beforeEach(async () => {
    cable = await layCable()
    viewer = await openHeadlessThrough(cable, server, { content: server.sample!.cid })
    await receives(viewer, 30)
    expect(viewer.command({ type: 'loop', loop: true })).toBe(true)
  })
  afterEach(async () => {
    await viewer.close()
    cable.close()
  })

  const id = () => openStreams(server)[0]!.id
  const get = async (path: string) => (await fetch(path.startsWith('http') ? path : `${server.url}${path}`)).text()
  const series = async (name: string, labels: string): Promise<number> => {
    const found = new RegExp(`^${name}{(?=[^}]*connection_id="${id()}")(?=[^}]*${labels})[^}]*} (.+)$`, 'm')
    return Number(found.exec(await get(server.metrics!.webrtc!))?.[1])
  }

  const metric = async (name: string) =>
    Number(new RegExp(`^${name}(?:{[^}]*})? (.+)$`, 'm').exec(await get(server.metrics!.webrtc!))?.[1] ?? 0)
  const frozen = async () => ({
    count: await metric('mcpx_freezes_total'),
    seconds: await metric('mcpx_freeze_seconds_total'),
  })
  const latency = async () => ({
    sumMs: await series('webrtc_latency_ms_sum', 'type="media"'),
    count: await series('webrtc_latency_ms_count', 'type="media"'),
  })

  /**
   * The same moment as the API, the live feed, Prometheus, the terminal and the dashboard have it; taken again where a poll came
   * in between, or a screen is not drawn yet.
   */
  async function moment() {
    return until('one moment on every surface', async () => {
      const read = async () =>
        JSON.parse(await get(`/api/v0/webrtc/connection/${id()}`)).connection.stats as MeasuredSnapshot
      const before = await read()
      const live = (JSON.parse(await get('/api/v0/webrtc/live')) as LiveState).connections.find(
        (one) => one.id === id(),
      )!
      const prometheus = {
        lossPercent: await series('webrtc_packet_loss_percent', 'direction="outbound"'),
        kbps: await series('webrtc_bandwidth_kbps', 'direction="outbound"'),
        health: await series('webrtc_stream_health_score', ''),
      }
      const sample = live.sample!
      for (const shown of [await screens.terminal(id()), await screens.dashboard(id())])
        if (!isRowOf(shown, sample)) throw new Error(`${JSON.stringify(shown)} is no row of ${JSON.stringify(sample)}`)
      return (await read()).atMs === before.atMs && { api: before, live: sample, prometheus }
    })
  }

  /** So many moments, each of another poll. */
  async function moments() {
    const found: Awaited<ReturnType<typeof moment>>[] = []
    while (found.length < polls) {
      const lastMs = found.at(-1)?.api.atMs ?? 0
      found.push(
        await until('the next poll', async () => {
          const now = await moment()
          return now.api.atMs > lastMs && now
        }),
      )
    }
    return found
  }

  async function report(sinceMs: number) {
    const since = new Date(sinceMs).toISOString()
    const made = await runCli(['report', '--server', server.url, '--json', '--since', since, '--connection', id()], {
      home: scratch.path,
    })
    return JSON.parse(made.stdout) as {
      figures: Record<string, { mean: number }>
      connections: { freezes: number; frozenS: number }[]
    }
  }

  it('shows the loss of the path, the same everywhere', { timeout: 60_000 }, async () => {
    cable.shape({ dropEvery: 10 })
    // The reports of before are over.
    await until('the loss shows', async () => ((await moment()).live.lossRatio ?? 0) > 0.09)
    const sinceMs = Date.now()
    const seen = await moments()
    for (const { api, live, prometheus } of seen) {
      const worst = Math.max(api.video?.lossRatio ?? 0, api.audio?.lossRatio ?? 0)
      expect(live.lossRatio).toBeCloseTo(worst, 9)
      expect(prometheus.lossPercent).toBeCloseTo(worst * 100, 6)
      expect(prometheus.health).toBe(api.health.value)
    }
    expect(mean(seen.map(({ live }) => live.lossRatio!))).toEqual(near(0.1))
    expect((await report(sinceMs)).figures.loss!.mean).toEqual(near(10))
  })

  it('shows the delay of the path, the same everywhere', { timeout: 60_000 }, async () => {
    // Long against what a busy machine adds.
    cable.shape({ delayMs: 150 })
    await until('the delay shows', async () => ((await moment()).live.roundTripMs ?? 0) > 290)
    const [sinceMs, latencyBefore] = [Date.now(), await latency()]
    const seen = await moments()
    const latencyAfter = await latency()
    for (const { api, live } of seen) {
      const worstS = Math.max(api.video?.roundTripTimeS ?? 0, api.audio?.roundTripTimeS ?? 0)
      expect(live.roundTripMs).toBeCloseTo(worstS * 1000, 6)
    }
    const shownMs = mean(seen.map(({ live }) => live.roundTripMs!))
    expect(shownMs).toEqual(near(cable.roundTripMs()))
    // Half of the way there and back.
    const [sumMs, count] = [latencyAfter.sumMs - latencyBefore.sumMs, latencyAfter.count - latencyBefore.count]
    expect((2 * sumMs) / count).toEqual(near(shownMs))
    expect((await report(sinceMs)).figures.rtt!.mean).toEqual(near(shownMs))
  })

  it('shows what goes through the path, the same everywhere', { timeout: 60_000 }, async () => {
    await until('there are rates', async () => (await moment()).live.bitrateBps !== null)
    const first = (await moment()).api
    const [sinceMs, bytesBefore] = [Date.now(), viewer.snapshot().bytesReceived]
    const seen = await moments()
    const elapsedS = (seen.at(-1)!.api.atMs - first.atMs) / 1000
    const arrivedBps = ((viewer.snapshot().bytesReceived - bytesBefore) * 8) / elapsedS
    for (const { api, live, prometheus } of seen) {
      expect(live.bitrateBps).toBe(api.bitrateBps)
      expect(prometheus.kbps).toBeCloseTo(api.bitrateBps / 1000, 6)
    }
    expect(mean(seen.map(({ live }) => live.bitrateBps!))).toEqual(near(arrivedBps))
    expect((await report(sinceMs)).figures.bitrate!.mean).toEqual(near(arrivedBps / 1000))
  })

  it('shows how long the picture stood still', { timeout: 60_000 }, async () => {
    await moments()
    const before = await frozen()
    cable.cut()
    const cutAtMs = performance.now()
    await until('two seconds are over', () => performance.now() - cutAtMs > 2000)
    cable.mend()
    await receives(viewer, 30)
    // It counts as it lasts: up to the key frame from which the picture goes on. A busy machine may add one of its own.
    const told = await until('the viewer has told all of it', async () => {
      const { viewer: view } = (await moment()).api
      const { freezeCount, totalFreezesDurationS } = viewer.snapshot()
      const isAll = view?.freezeCount === freezeCount && view.totalFreezesDurationS === totalFreezesDurationS
      return isAll && freezeCount > 0 && view
    })
    const totalFreezesDurationS = told.totalFreezesDurationS!
    expect(totalFreezesDurationS).toBeGreaterThan(2)
    expect(totalFreezesDurationS).toBeLessThan(3.5)
    // A freeze grows after it was counted, and each surface has it with the snapshot that it is told next.
    await until('Prometheus has it', async () => {
      const { count, seconds } = await frozen()
      const isAsLong = Math.abs(seconds - before.seconds - totalFreezesDurationS) < 1e-6
      return count - before.count === told.freezeCount && isAsLong
    })
    const shown = await screens.freezes(id())
    const asShown = [told.freezeCount, Number(totalFreezesDurationS.toFixed(1))]
    expect(shown).toEqual({ terminal: asShown, dashboard: asShown })
    await until('the report has it', async () => {
      const { freezes, frozenS } = (await report(Date.now() - 60_000)).connections[0]!
      return freezes === told.freezeCount && frozenS === told.totalFreezesDurationS
    })
  })
})
