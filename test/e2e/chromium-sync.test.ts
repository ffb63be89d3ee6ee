// Sound and picture stay together in Chromium after seeks and pauses, as they are and transcoded.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { chromiumPath, launchChromium, openPlayer } from '../support/browser-chromium.ts'
import { measureSync } from '../support/browser-sync.ts'
import { findProgram, missingParts, saySkipped } from '../support/e2e.ts'
import { addFiles, allClosed, openStreams, playerUrl, startServer } from '../support/e2e-server.ts'
import { watchMachine } from '../support/machine-load.ts'
import { clip } from '../support/transcode-clips.ts'

const missing = missingParts({ chromium: chromiumPath, ffmpeg: findProgram('ffmpeg') })

/** How far apart they may be, and what the way to the measurement adds to flash and beep. */
const [limitMs, tapMs] = [40, 25]

describe.skipIf(missing.length > 0)('sound and picture in Chromium', () => {
  let browser: Browser
  let server: McpxServer

  beforeAll(async () => {
    ;[browser, server] = await Promise.all([launchChromium(), startServer({ sample: true, mediaWorkers: 1 })])
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  it.for([
    ['the sample, as it is', () => server.sample!.cid, [false, false]],
    ['H.264 with B-frames and AAC, transcoded', () => addFiles(server, clip('flash-long-gop.mp4')), [true, true]],
  ] as const)(
    'stay together over seeks and pauses: %s',
    { timeout: 120_000 },
    async ([_what, add, transcoded], { annotate }) => {
      const viewer = await openPlayer(browser, playerUrl(server, await add()))
      const machine = watchMachine()
      try {
        await viewer.plays(30)
        await viewer.press('Loop')
        for (const target of [3.4, 9.8, 1.6]) {
          await viewer.seek(target)
          await viewer.plays(10)
          await viewer.press('Pause')
          await viewer.rests()
          await viewer.press('Play')
          await viewer.plays(10)
        }
        expect(openStreams(server)[0]!.sent.map((track) => track.transcoded)).toEqual(transcoded)
        const sync = await measureSync(viewer.page, 6)
        const told = JSON.stringify(sync)
        // Where every processor was taken there may be no six even seconds in a row, and Chromium's own two clocks drift apart.
        const isUneven = sync.pairs < 6 || Math.abs(sync.playoutOffsetMs) >= limitMs
        if (isUneven && machine.end().wasBusy) return saySkipped(`the machine was too busy to measure: ${told}`)
        expect(sync.pairs, told).toBeGreaterThanOrEqual(6)
        const [afterMs, spreadMs, settledMs] = [sync.offsetMs, sync.spreadMs, sync.settledAfterMs].map(Math.round)
        await annotate(`sound comes ${afterMs} ms after picture, spread ${spreadMs} ms; settled after ${settledMs} ms`)
        expect(Math.abs(sync.offsetMs), told).toBeLessThan(limitMs + tapMs)
        expect(Math.abs(sync.playoutOffsetMs), told).toBeLessThan(limitMs)
      } finally {
        machine.end()
        await viewer.close()
        await allClosed(server)
      }
    },
  )
})
