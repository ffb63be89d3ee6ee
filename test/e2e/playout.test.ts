// The headless viewer's model of a jitter buffer held against Chromium's own: what freezes where, over the same kinds of paths.
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/lib/base/clock.ts'
import { createApi } from '../../src/lib/client/api.ts'
import { openViewer } from '../../src/lib/client/viewer.ts'
import { whepDoor } from '../../src/lib/client/whep-client.ts'
import { ImpairedPath } from '../../src/lib/impairment/path.ts'
import { parseImpairment } from '../../src/lib/impairment/spec.ts'
import { openRelay } from '../../src/lib/load/relay.ts'
import { createReceivingPeer } from '../../src/lib/webrtc/receiving-peer.ts'
import { chromiumPath, launchChromium, openPlayer } from '../support/browser-chromium.ts'
import { findProgram, missingParts, saySkipped, until } from '../support/e2e.ts'
import { addFiles, playerUrl, scratchFolder, startServer } from '../support/e2e-server.ts'
import { makeLongClip, receives } from '../support/e2e-viewer.ts'
import { watchMachine } from '../support/machine-load.ts'

const missing = missingParts({ chromium: chromiumPath, ffmpeg: findProgram('ffmpeg') })
const watchedS = 20

/** Each loses packets of its own: so far apart two counts of the same rate are by chance, almost never farther. */
const chanceIn = (both: number) => 3.5 * Math.sqrt(both + 1)

interface Stood {
  readonly times: number
  readonly seconds: number
}

describe.skipIf(missing.length > 0)('the playout of the headless viewer', () => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let server: Awaited<ReturnType<typeof startServer>>
  let browser: Browser
  let content: string

  beforeAll(async () => {
    scratch = await scratchFolder()
    const clip = join(scratch.path, 'clip.webm')
    ;[browser, server] = await Promise.all([launchChromium(), startServer({ mediaWorkers: 1 }), makeLongClip(clip, 60)])
    content = await addFiles(server, clip)
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await scratch?.remove()
  })

  const pathOf = (text: string, seed: number) =>
    new ImpairedPath({ impairment: parseImpairment({ base: text }), clock: systemClock, seed })

  async function openHeadless(text: string) {
    const path = pathOf(text, 1)
    const door = whepDoor(createApi({ url: server.url }), systemClock)
    const createPeer = () => createReceivingPeer({ clock: systemClock, bindAddresses: ['127.0.0.1'], path })
    const viewer = await openViewer({ content, loop: true }, { door, clock: systemClock, createPeer })
    return {
      viewer,
      async close() {
        await viewer.close()
        path.close()
      },
    }
  }

  async function openInChromium(text: string) {
    const path = pathOf(text, 1)
    const relay = openRelay(path)
    const player = await openPlayer(browser, playerUrl(server, content), relay, { changesOffers: true })
    return {
      player,
      async close() {
        await player.close()
        await relay.close()
        path.close()
      },
    }
  }

  /** What both have counted over the same time. */
  async function watchBoth(text: string): Promise<{ headless: Stood; chromium: Stood; wasBusy: boolean }> {
    const [mine, theirs] = await Promise.all([openHeadless(text), openInChromium(text)])
    try {
      await Promise.all([receives(mine.viewer, 60, 30_000), theirs.player.plays(60)])
      const machine = watchMachine()
      const look = async () => {
        const { freezeCount = 0, totalFreezesDuration = 0 } = await theirs.player.video()
        const { freezeCount: times, totalFreezesDurationS: seconds } = mine.viewer.snapshot()
        return { headless: { times, seconds }, chromium: { times: freezeCount, seconds: totalFreezesDuration } }
      }
      const before = await look()
      const endMs = performance.now() + watchedS * 1000
      await until('the time passes', () => performance.now() >= endMs, { timeoutMs: 2000 * watchedS })
      const after = await look()
      const { wasBusy } = machine.end()
      const since = (side: 'headless' | 'chromium') => ({
        times: after[side].times - before[side].times,
        seconds: after[side].seconds - before[side].seconds,
      })
      return { headless: since('headless'), chromium: since('chromium'), wasBusy }
    } finally {
      await Promise.all([mine.close(), theirs.close()])
    }
  }

  /** Where every processor was taken, a picture stands of that too: then nothing can be said. */
  function hold(found: Awaited<ReturnType<typeof watchBoth>>, check: () => void): void {
    try {
      check()
    } catch (error) {
      if (!found.wasBusy) throw error
      saySkipped(`the machine was too busy to tell freezes: ${JSON.stringify(found)}`)
    }
  }

  it.each(['delay=40ms', 'delay=40ms,jitter=60ms', 'delay=40ms,jitter=150ms'])(
    'does not freeze where Chromium does not: %s',
    async (text) => {
      const found = await watchBoth(text)
      hold(found, () => {
        expect(found.chromium.times).toBeLessThanOrEqual(1)
        expect(found.headless.times).toBeLessThanOrEqual(1)
      })
    },
  )

  it.each(['delay=150ms,loss=5%', 'delay=100ms,loss=8%,burst-loss=6', 'delay=60ms,jitter=40ms,loss=2%'])(
    'freezes where Chromium does, about as often and as long: %s',
    async (text) => {
      const found = await watchBoth(text)
      hold(found, () => {
        const { headless, chromium } = found
        const times = chanceIn(headless.times + chromium.times)
        const meanS = (headless.seconds + chromium.seconds) / Math.max(1, headless.times + chromium.times)
        expect(Math.abs(headless.times - chromium.times)).toBeLessThan(times)
        expect(Math.abs(headless.seconds - chromium.seconds)).toBeLessThan(times * meanS)
      })
    },
  )
})
