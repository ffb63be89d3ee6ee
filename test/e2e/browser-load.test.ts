// Viewers of a load test that are Chromium and Firefox: what they measure is what the server sent, and nothing of them stays behind.
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { systemClock as clock } from '../../src/lib/base/clock.ts'
import { ImpairedPath } from '../../src/lib/impairment/path.ts'
import { parseImpairment } from '../../src/lib/impairment/spec.ts'
import { type BrowserViewers, openBrowserViewers } from '../../src/lib/load/browser/open-browser-viewers.ts'
import { runLoad } from '../../src/lib/load/index.ts'
import type { LoadOptions } from '../../src/lib/load/load-options.ts'
import { openRelay } from '../../src/lib/load/relay.ts'
import { figureOf } from '../../src/lib/protocol/load-figures.ts'
import type { LoadSession } from '../../src/lib/protocol/load-result.ts'
import { chromiumPath } from '../support/browser-chromium.ts'
import { firefoxPath } from '../support/browser-firefox.ts'
import { browsersOf, processesIn, profilesIn } from '../support/browser-processes.ts'
import { missingParts, until } from '../support/e2e.ts'
import { allClosed, openStreams, runCli, scratchFolder, startCli, startServer } from '../support/e2e-server.ts'

const paths = { chromium: chromiumPath, firefox: firefoxPath }
const missing = missingParts(paths)
const kinds = (['chromium', 'firefox'] as const).filter((kind) => !missing.includes(kind))

let server: McpxServer
beforeAll(async () => {
  server = await startServer({ sample: true })
})
afterAll(() => server?.stop())

const open = (kind: (typeof kinds)[number], more: object = {}): Promise<BrowserViewers> =>
  openBrowserViewers({ kind, path: paths[kind]!, server: server.url }, { clock, ...more })

/** Begins now. */
const begin = (viewers: BrowserViewers, viewer: number) =>
  viewers.open({ viewer, content: server.sample!.cid, loop: true, beganAtMs: clock.now(), plannedS: 0 })

/** Packets of media that the server has sent in all its streams, again or not. */
async function sentPackets(): Promise<number> {
  const stats = await Promise.all(openStreams(server).map(({ id }) => server.engine.stats(id)))
  return stats.reduce((sum, { video, audio }) => sum + (video?.packetsSent ?? 0) + (audio?.packetsSent ?? 0), 0)
}

const load = (options: Partial<LoadOptions>) =>
  runLoad(
    {
      server: server.url,
      contents: [server.sample!.cid],
      viewers: 1,
      rampS: 0,
      durationS: 8,
      scenario: 'steady',
      seed: 1,
      processes: 0,
      ...options,
    },
    { clock, signal: new AbortController().signal, onMoment: () => false },
  )

describe.each(kinds)('%s', (kind) => {
  it('measures two sessions as the server sees them, and leaves nothing behind', async () => {
    const viewers = await open(kind)
    const [browser] = browsersOf(process.pid)
    try {
      const sessions = [begin(viewers, 0), begin(viewers, 1)]
      await Promise.all(sessions.map(({ seesFrame }) => seesFrame))
      await until('100 frames of each', () => sessions.every((session) => session.soFar().frames >= 100))
      expect(viewers.counts()).toMatchObject({ sessions: 2, watching: 2, failed: 0 })
      for (const session of sessions) expect(session.command({ type: 'pause' })).toBe(true)
      // On loopback hardly anything is lost: what was sent has arrived. A browser misses what comes before it is quite ready.
      await until('both ends have counted the same', async () => {
        const [sent, { packets }] = [await sentPackets(), viewers.counts()]
        if (sent > 200 && packets <= sent && packets >= 0.99 * sent) return true
        throw new Error(`${packets} of ${sent} packets`)
      })
      const results = await Promise.all(sessions.map((session) => session.close()))
      for (const result of results) checkPlayed(result, kind)
      await allClosed(server)
    } finally {
      await viewers.close()
    }
    expect(browser).toBeDefined()
    expect([processesIn(browser!.folder), existsSync(browser!.folder)]).toEqual([[], false])
  })

  it('does what was planned at random, beside headless viewers', async () => {
    const run = await load({
      viewers: 3,
      durationS: 14,
      scenario: 'random',
      seed: 4,
      browser: { kind, viewers: 1, path: paths[kind]! },
    })
    const [seen, others] = [true, false].map((is) => run.sessions.filter((one) => (one.kind === kind) === is))
    expect(run).toMatchObject({ outcome: 'complete', plan: { browserViewers: 1 }, summary: { failed: 0 } })
    expect(seen!.length).toBeGreaterThan(0)
    expect(new Set(others!.map(({ viewer }) => viewer))).toEqual(new Set([0, 1]))
    expect(seen!.every(({ viewer, frames }) => viewer === 2 && frames > 0)).toBe(true)
    // Seeks, pauses and changes are no freezes, which is what most of the session would be otherwise.
    expect(seen!.reduce((sum, { actions }) => sum + actions, 0)).toBeGreaterThan(0)
    for (const session of seen!) expect(session.frozenS).toBeLessThan(session.watchedS / 4)
    expect(browsersOf(process.pid)).toEqual([])
  })

  it('that is killed has its sessions fail at once, and its streams closed', async () => {
    const viewers = await open(kind)
    const [browser] = browsersOf(process.pid)
    const session = begin(viewers, 0)
    await session.seesFrame
    process.kill(browser!.pid, 'SIGKILL')
    expect(await session.done).toMatchObject({ outcome: 'failed', error: { code: 'BROWSER_FAILED' } })
    expect(await begin(viewers, 1).done).toMatchObject({ outcome: 'failed', startupMs: null })
    await allClosed(server)
    await viewers.close()
    expect([processesIn(browser!.folder), existsSync(browser!.folder)]).toEqual([[], false])
  })

  it('measures the loss and the delay that were asked for', async () => {
    const impairment = parseImpairment({ base: 'down.loss=5%,delay=50ms', at: [] })
    const path = new ImpairedPath({ impairment, clock, seed: 7 })
    const relay = openRelay(path)
    const openPath = () => ({
      toViewer: (sdp: string) => relay.toViewer(sdp),
      toServer: (sdp: string) => relay.toServer(sdp),
      close: () => relay.close(),
    })
    const viewers = await open(kind, { openPath })
    try {
      const session = begin(viewers, 0)
      await until('1500 packets', () => session.soFar().packets >= 1500, { timeoutMs: 40_000 })
      const result = await session.close()
      const { sentPackets, dropped } = path.stats.down
      // Of all datagrams, those of ICE and RTCP too; the browser knows of RTP alone.
      const lossOfPath = (100 * dropped.loss) / sentPackets
      expect(lossOfPath).toBeGreaterThan(3)
      expect(Math.abs(figureOf(result, 'loss')! - lossOfPath)).toBeLessThan(1)
      // Firefox does not say what came again.
      if (kind === 'firefox') expect(figureOf(result, 'residual')).toBeUndefined()
      else expect(figureOf(result, 'residual')).toBeLessThan(lossOfPath / 2)
      // The first round trips are those of two ends that have much else to do.
      expect(result.roundTripMs).toBeGreaterThanOrEqual(100)
      expect(result.roundTripMs).toBeLessThan(200)
    } finally {
      await viewers.close()
      path.close()
    }
  })
})

function checkPlayed(session: LoadSession, kind: string): void {
  expect(session).toMatchObject({ kind, outcome: 'played', error: null, actions: 1 })
  expect(session.packetsLost).toBeLessThan(session.packets / 100)
  const { startupMs, connectMs, answerMs, iceMs, dtlsMs, firstPacketMs, watchedS, endedS } = session
  // Each part is there, and they come one after the other.
  expect(Math.min(answerMs!, iceMs!, dtlsMs!, firstPacketMs!)).toBeGreaterThanOrEqual(0)
  expect(answerMs! + iceMs! + dtlsMs!).toBeLessThanOrEqual(connectMs! + 50)
  expect(connectMs).toBeLessThanOrEqual(startupMs!)
  expect(Math.abs(startupMs! / 1000 + watchedS - endedS)).toBeLessThan(0.5)
  expect(session.rungs.length).toBeGreaterThan(0)
}

describe.skipIf(missing.includes('chromium'))('a load test in Chromium', () => {
  const impair = 'loss=5%,delay=50ms'
  const browser = { kind: 'chromium', viewers: 1, path: chromiumPath! } as const

  it('agrees with a headless viewer on the same path', async () => {
    const impairment = parseImpairment({ base: impair, at: [] })
    const run = await load({ viewers: 2, durationS: 20, browser, impairment, quality: 'high' })
    const [headless, chromium] = ['mcpx', 'chromium'].map((kind) => run.sessions.find((one) => one.kind === kind)!)
    const both = (figure: Parameters<typeof figureOf>[1]) => [
      figureOf(headless!, figure)!,
      figureOf(chromium!, figure)!,
    ]
    // Each has losses of its own: with some 2000 packets 5 % is known to ± 1.5 (three sigma).
    for (const loss of both('loss')) expect(Math.abs(loss - 5)).toBeLessThan(1.5)
    for (const rtt of both('rtt')) expect(Math.abs(rtt - 110)).toBeLessThan(30)
    const [bitrate, seen] = both('bitrate')
    expect(Math.abs(seen! / bitrate! - 1)).toBeLessThan(0.1)
    const [fps, shown] = both('fps')
    expect(Math.abs(shown! - fps!)).toBeLessThan(3)
    // Which packets are lost decides how long a picture stands: over 20 s these are some ten freezes of 0.3 s on either side.
    const [frozen, stood] = both('frozen')
    expect(Math.min(frozen!, stood!)).toBeGreaterThan(0)
    expect(Math.abs(stood! - frozen!)).toBeLessThan(12)
  })

  it('goes on without a browser that cannot be one, whose sessions have failed with why', async () => {
    const run = await load({ viewers: 2, durationS: 4, browser: { ...browser, path: '/bin/false' } })
    expect(run).toMatchObject({ outcome: 'complete', summary: { sessions: 2, failed: 1 } })
    const failed = run.sessions.find(({ outcome }) => outcome === 'failed')
    expect(failed).toMatchObject({ kind: 'chromium', viewer: 1, error: { code: 'BROWSER_FAILED' } })
    expect(failed!.error!.message).toContain('/bin/false')
  })

  describe('from the command line', () => {
    let scratch: Awaited<ReturnType<typeof scratchFolder>>
    beforeAll(async () => {
      scratch = await scratchFolder()
    })
    afterAll(() => scratch?.remove())

    const args = () => ['test-client', '--server', server.url, '--browser', 'chromium', '--viewers', '2', '--json']

    async function started() {
      const cli = startCli([...args(), '--duration', '60'], { home: scratch.path })
      const [found] = await until('the browser runs', () => {
        const browsers = browsersOf(cli.child.pid!)
        return browsers.length > 0 && browsers
      })
      await until('both watch', () => openStreams(server).filter(({ state }) => state === 'active').length === 2, {
        timeoutMs: 30_000,
      })
      return { cli, folder: found!.folder }
    }

    it('ends with the tool that is interrupted, with what was measured until then', async () => {
      const { cli, folder } = await started()
      cli.kill('SIGINT')
      expect(await cli.exit).toBe(130)
      const result = JSON.parse(cli.stdout()) as { outcome: string; sessions: LoadSession[] }
      expect(result.outcome).toBe('interrupted')
      expect(result.sessions.map(({ kind, outcome }) => [kind, outcome])).toEqual([
        ['mcpx', 'interrupted'],
        ['chromium', 'interrupted'],
      ])
      await allClosed(server)
      expect([processesIn(folder), profilesIn(scratch.path)]).toEqual([[], []])
    })

    it('ends with the tool that is killed', async () => {
      const { cli, folder } = await started()
      cli.kill('SIGKILL')
      await cli.exit
      await until('nothing is left', () => processesIn(folder).length === 0 && profilesIn(scratch.path).length === 0)
    })

    it('is refused before anything starts where there is no such program', async () => {
      const { code, stderr } = await runCli([...args(), '--browser-path', '/nothing'], { home: scratch.path })
      expect(code).toBe(2)
      expect((JSON.parse(stderr) as { message: string }).message).toBe(
        '--browser-path "/nothing" is no program that can be run',
      )
    })
  })
})
