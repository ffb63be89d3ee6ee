// How long a picture stood still, as the viewer without a screen, the player and Chromium itself count it, in every way it can
// come about. What the viewer asked for is no freeze; everything else is, and while it lasts.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Viewer } from '../../src/lib/client/viewer.ts'
import type { shownStats } from '../../src/lib/model/shown-stats.ts'
import { chromiumPath, launchChromium, openPlayer, type Player } from '../support/browser-chromium.ts'
import { createMemoryBlocks } from '../support/content-blocks.ts'
import { startGateway, type TestGateway } from '../support/content-gateway.ts'
import { findProgram, missingParts, saySkipped, until } from '../support/e2e.ts'
import { type Cli, playerUrl, scratchFolder, startCli } from '../support/e2e-server.ts'
import { makeLongClip, openHeadlessThrough, receives } from '../support/e2e-viewer.ts'
import { watchMachine } from '../support/machine-load.ts'
import { layCable, type UdpCable } from '../support/udp-cable.ts'

const clipS = 60
const missing = missingParts({ chromium: chromiumPath, ffmpeg: findProgram('ffmpeg') })

type Stats = ReturnType<typeof shownStats>

/** Counted until now: of all standstills together. */
interface Count {
  readonly times: number
  readonly stoodS: number
}

const since = (now: Count, before: Count): Count => ({
  times: now.times - before.times,
  stoodS: now.stoodS - before.stoodS,
})

/** Five percent off at most, or 100 ms where that is more. */
const near = (stoodS: number) => ({
  asymmetricMatch: (value: unknown) =>
    typeof value === 'number' && Math.abs(value - stoodS) <= Math.max(0.05 * stoodS, 0.1),
  toString: () => 'near',
  toAsymmetricMatch: () => `${stoodS} ± 5 % or 0.1`,
})

const passes = async (seconds: number) => {
  const endMs = performance.now() + seconds * 1000
  await until(`${seconds} s pass`, () => performance.now() >= endMs, { timeoutMs: 2000 * seconds + 5000 })
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const countOf = (freezesS: readonly number[]) => ({ times: freezesS.length, stoodS: near(sum(freezesS)) })

/** Freezes by frames as they come, written down and gone through afterwards, whatever was asked for. */
function meter(viewer: Viewer) {
  const timesMs: number[] = []
  let awaitsKey = false
  viewer.events.on('frame', ({ kind, isKey, isAfterLoss, atMs }) => {
    if (kind !== 'video') return
    awaitsKey = !isKey && (awaitsKey || isAfterLoss)
    if (!awaitsKey) timesMs.push(Math.max(timesMs.at(-1) ?? 0, atMs))
  })
  /** In seconds. */
  return (): number[] => {
    const gapsMs = timesMs.slice(1).map((atMs, i) => atMs - timesMs[i]!)
    const freezesMs = gapsMs.filter((gapMs, i) => {
      const meanMs = sum(gapsMs.slice(Math.max(0, i - 30), i)) / Math.min(i, 30)
      return gapMs >= Math.max(3 * meanMs, meanMs + 150)
    })
    return freezesMs.map((ms) => ms / 1000)
  }
}

/** A browser without a screen may draw what is hidden: the page is told of no frame either way. */
const tellNoFrames = 'HTMLVideoElement.prototype.requestVideoFrameCallback = () => 0'

/** A gateway that keeps back the blocks of the file that belong to a part of its time, until that is allowed. */
async function startHeldGateway(blocks: ReadonlyMap<string, Uint8Array>) {
  const leaves = [...blocks.keys()]
  let allowedS = Number.POSITIVE_INFINITY
  const waiting = new Set<() => void>()
  /** What stands at the end of the file is read to open it. */
  const timeOf = (cid: string) => {
    const index = leaves.indexOf(cid)
    return index < leaves.length - 4 ? (index * clipS) / leaves.length : 0
  }
  const gateway = await startGateway(async (request, response) => {
    const cid = /\/ipfs\/(\w+)/.exec(request.url!)?.[1] ?? ''
    while (timeOf(cid) > allowedS) await new Promise<void>((resolve) => waiting.add(resolve))
    const bytes = blocks.get(cid)
    response.writeHead(bytes ? 200 : 404, { 'content-type': 'application/vnd.ipld.raw' })
    response.end(bytes)
  })
  return {
    gateway,
    /** Of what comes after this time nothing is given. */
    allow(untilS: number) {
      allowedS = untilS
      for (const resolve of waiting) resolve()
      waiting.clear()
    },
  }
}

describe.skipIf(missing.length > 0)('a picture that stands still', () => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let source: Awaited<ReturnType<typeof startHeldGateway>>
  let gateway: TestGateway
  let serve: Cli
  let server: { readonly url: string }
  let browser: Browser
  const cables: UdpCable[] = []
  let headless: Viewer
  let player: Player
  let metered: () => number[]
  let machine: ReturnType<typeof watchMachine> | undefined
  let ids: { readonly headless: string; readonly player: string }

  beforeAll(async () => {
    scratch = await scratchFolder()
    const clip = join(scratch.path, 'clip.webm')
    ;[browser] = await Promise.all([launchChromium(), makeLongClip(clip, clipS)])
    const memory = createMemoryBlocks()
    const content = await readFile(clip)
    const cid = (await memory.add([{ path: 'clip.webm', content }], { cidVersion: 1, rawLeaves: true })).toString()
    source = await startHeldGateway(memory.blocks)
    source.allow(20)
    gateway = source.gateway
    const options = [
      '--port',
      '0',
      '--gateway',
      gateway.url,
      '--poll-interval',
      '1',
      '--disable-webrtc-metrics',
      '--json',
    ]
    serve = startCli(['serve', ...options], { home: scratch.path })
    server = await serve.event<{ url: string }>('ready')
    cables.push(await layCable(), await layCable())
    headless = await openHeadlessThrough(cables[0]!, server, { content: cid })
    metered = meter(headless)
    await receives(headless, 30)
    const [first] = await streams()
    player = await openPlayer(browser, playerUrl(server, cid), cables[1])
    await player.plays(30)
    const second = (await streams()).find(({ id }) => id !== first!.id)
    ids = { headless: first!.id, player: second!.id }
  })

  afterAll(async () => {
    await headless?.close()
    await browser?.close()
    serve?.kill()
    await serve?.exit
    source?.allow(clipS)
    await gateway?.close()
    for (const cable of cables) cable.close()
    await scratch?.remove()
  })

  const get = async <T>(path: string) => (await (await fetch(`${server.url}/api/v0/webrtc${path}`)).json()) as T
  const streams = async () => (await get<{ connections: { id: string }[] }>('/live')).connections
  const statsOf = async (id: string) =>
    (await get<{ connection: { stats: Stats } }>(`/connection/${id}`)).connection.stats

  /** What a viewer has told the server from now on. */
  async function told(id: string): Promise<Stats> {
    const beforeMs = (await statsOf(id)).viewer?.atMs ?? 0
    return until('the viewer reports', async () => {
      const stats = await statsOf(id)
      return (stats.viewer?.atMs ?? 0) > beforeMs && stats
    })
  }

  const seenBy = async (id: string): Promise<Count> => {
    const { freezeCount, totalFreezesDurationS } = (await told(id)).viewer!
    return { times: freezeCount!, stoodS: totalFreezesDurationS! }
  }

  /** Without knowing what was asked for, and with what it calls pauses: a gap in which nothing came for five seconds. */
  async function seenByChromium(): Promise<Count> {
    const video = await player.video()
    return {
      times: video.freezeCount! + video.pauseCount!,
      stoodS: video.totalFreezesDuration! + video.totalPausesDuration!,
    }
  }

  /** Each viewer beside what it is held against, at the same moment. */
  async function all() {
    const inPlayer = await seenBy(ids.player)
    const chromium = await seenByChromium()
    const { freezeCount, totalFreezesDurationS } = headless.snapshot()
    return {
      headless: { times: freezeCount, stoodS: totalFreezesDurationS },
      metered: metered(),
      player: inPlayer,
      chromium,
    }
  }

  /** What each has counted more when both play again. */
  async function counted(act: () => Promise<void>) {
    machine = watchMachine()
    await play()
    const before = await all()
    await act()
    await play()
    const now = await all()
    return {
      headless: since(now.headless, before.headless),
      metered: now.metered.slice(before.metered.length),
      player: since(now.player, before.player),
      chromium: since(now.chromium, before.chromium),
    }
  }
  const play = () => Promise.all([receives(headless, 45), player.plays(45)])
  const seek = (timeS: number) => Promise.all([headless.command({ type: 'seek', timeS }), player.seek(timeS)])

  type Counted = Awaited<ReturnType<typeof counted>>

  /** Where every processor was taken, pictures stand of that too, at a time of their own each: then nothing can be said. */
  function hold(by: Counted, check: () => void): void {
    const { wasBusy } = machine!.end()
    try {
      check()
    } catch (error) {
      if (!wasBusy) throw error
      saySkipped(`the machine was too busy to tell freezes: ${JSON.stringify(by)}`)
    }
  }

  /** Nobody asked for it: everybody counts all of it. */
  function expectFreeze(by: Counted, leastS: number): void {
    const { headless, metered, player, chromium } = by
    expect(chromium.stoodS).toBeGreaterThan(leastS)
    hold(by, () => {
      expect(player).toEqual({ times: chromium.times, stoodS: near(chromium.stoodS) })
      expect(headless).toEqual(countOf(metered))
    })
  }

  /**
   * Both asked for one standstill of so many seconds: Chromium, which cannot know, counts it, and the viewers do not. What a busy
   * machine adds everybody counts.
   */
  function expectNoFreeze(by: Counted, askedForS: number): void {
    const { headless, metered, player, chromium } = by
    hold(by, () => {
      const [longest = 0, ...others] = metered.toSorted((a, b) => b - a)
      expect(longest).toEqual(near(askedForS))
      expect(headless).toEqual(countOf(others))
      expect(since(chromium, player)).toEqual({ times: 1, stoodS: near(askedForS) })
    })
  }

  /** Both have got no frame for half a second. */
  const stands = async () => {
    const look = async () => [headless.snapshot().framesReceived, (await player.video()).framesDecoded]
    await until('both pictures stand still', async () => {
      const before = await look()
      await passes(0.5)
      return isDeepStrictEqual(await look(), before)
    })
  }

  async function cut(seconds: number): Promise<void> {
    for (const cable of cables) cable.cut()
    await passes(seconds)
    for (const cable of cables) cable.mend()
  }

  it('is frozen while content does not come, and that takes from the scores', async () => {
    await seek(13)
    let whileItStood: Stats[] = []
    const by = await counted(async () => {
      await stands()
      await passes(2)
      whileItStood = await Promise.all([told(ids.headless), told(ids.player)])
      source.allow(40)
    })
    expectFreeze(by, 2)
    for (const { health, videoQuality, viewer } of whileItStood) {
      expect(viewer!.totalFreezesDurationS).toBeGreaterThan(1.5)
      expect(health.value).toBeLessThanOrEqual(20)
      expect(videoQuality.value).toBeLessThanOrEqual(50)
    }
  })

  it('is not frozen while it goes elsewhere', async () => {
    const by = await counted(async () => {
      await seek(50)
      await passes(2)
      source.allow(clipS)
    })
    expectNoFreeze(by, ((await player.heardAtMs('epoch')) - (await player.askedAtMs('seek'))) / 1000)
  })

  it('is not frozen when everything has been shown', async () => {
    const by = await counted(async () => {
      await player.page.getByText('The end').waitFor({ timeout: 15_000 })
      await passes(2)
      await seek(5)
    })
    expectNoFreeze(by, ((await player.askedAtMs('seek')) - (await player.heardAtMs('ended'))) / 1000)
  })

  it('is not frozen while it is paused', async () => {
    const by = await counted(async () => {
      await player.press('Pause')
      headless.command({ type: 'pause' })
      await passes(2)
      await player.press('Play')
      headless.command({ type: 'play' })
    })
    expectNoFreeze(by, ((await player.askedAtMs('play')) - (await player.askedAtMs('pause'))) / 1000)
  })

  it('is frozen while the network is cut', async () => {
    const by = await counted(() => cut(2))
    // How soon the picture is back after that is each decoder's own.
    expectFreeze(by, 1.9)
  })

  it('is frozen while the server stands still, and that takes from the scores', async () => {
    const by = await counted(async () => {
      const { totalFreezesDurationS } = headless.snapshot()
      serve.kill('SIGSTOP')
      await passes(6)
      // It counts as it lasts.
      expect(headless.snapshot().totalFreezesDurationS - totalFreezesDurationS).toEqual(near(6))
      serve.kill('SIGCONT')
      const scores = async (id: string) => (await statsOf(id)).health.value! <= 50
      for (const id of [ids.headless, ids.player]) await until('its health falls', () => scores(id))
    })
    expectFreeze(by, 5.8)
    hold(by, () => expect(by.headless.stoodS).toEqual(near(by.chromium.stoodS)))
  })

  it('is not frozen in a tab that nobody sees, as long as frames are decoded', async () => {
    await player.hide()
    await player.page.evaluate(tellNoFrames)
    const playing = await counted(() => passes(2))
    hold(playing, () => expect(playing.player).toEqual(playing.chromium))
    const by = await counted(() => cut(2))
    expectFreeze(by, 1.9)
  })
})
