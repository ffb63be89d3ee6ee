// Files of every container and codec, from the store to the screen: what passes through, what is transcoded, what is chosen.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { chromiumPath, launchChromium, openPlayer, type Player } from '../support/browser-chromium.ts'
import { type ClipName, clip } from '../support/clips.ts'
import { findProgram, missingParts, run, until } from '../support/e2e.ts'
import { addFiles, openStreams, playerUrl, scratchFolder, startServer } from '../support/e2e-server.ts'

const missing = missingParts({ chromium: chromiumPath, ffmpeg: findProgram('ffmpeg') })

interface Expected {
  /** Whether the wire carries what the file holds; undefined: there is no such track. */
  readonly video?: 'passes' | 'transcoded'
  readonly audio?: 'passes' | 'transcoded'
}

const both = (video: 'passes' | 'transcoded', audio: 'passes' | 'transcoded'): Expected => ({ video, audio })

const table: readonly (readonly [ClipName, Expected])[] = [
  ['h264.mp4', both('passes', 'transcoded')],
  ['h264-faststart.mp4', both('passes', 'transcoded')],
  ['h264-fragmented.mp4', both('passes', 'transcoded')],
  ['h264-b-frames.mp4', both('transcoded', 'transcoded')],
  ['h264.mov', both('passes', 'transcoded')],
  ['h264.mkv', both('passes', 'passes')],
  ['h264.ts', both('passes', 'transcoded')],
  ['hevc.mp4', both('transcoded', 'transcoded')],
  ['vp8.webm', both('passes', 'passes')],
  ['vp8-hidden.webm', { video: 'transcoded' }],
  ['vp9.webm', both('passes', 'passes')],
  ['vp9.mp4', both('passes', 'passes')],
  ['av1.mp4', both('passes', 'passes')],
  ['av1.webm', both('passes', 'passes')],
  ['variable-rate.mp4', { video: 'passes' }],
  ['opus.ogg', { audio: 'passes' }],
  ['vorbis.ogg', { audio: 'transcoded' }],
  ['tone.mp3', { audio: 'transcoded' }],
  ['tone.wav', { audio: 'transcoded' }],
  ['tone.flac', { audio: 'transcoded' }],
  ['tone.aac', { audio: 'transcoded' }],
  ['tone.m4a', { audio: 'transcoded' }],
]

describe.skipIf(missing.length > 0)('files in Chromium', () => {
  let browser: Browser
  let server: McpxServer

  beforeAll(async () => {
    ;[browser, server] = await Promise.all([launchChromium(), startServer({ mediaWorkers: 1 })])
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function watch(content: string, use: (viewer: Player) => Promise<void>): Promise<void> {
    const viewer = await openPlayer(browser, playerUrl(server, content))
    try {
      await use(viewer)
    } finally {
      await viewer.close()
      await until('its stream is closed', () => streamOf(content) === undefined)
    }
  }

  const streamOf = (content: string) => openStreams(server).find((stream) => stream.content.startsWith(content))

  it.concurrent.each(table)('%s', async (name, expected) => {
    const content = await addFiles(server, await clip(name))
    await watch(content, async (viewer) => {
      const [shown, heard] = await Promise.all([
        expected.video && viewer.plays(name === 'variable-rate.mp4' ? 15 : 30),
        expected.audio && viewer.sounds(24_000),
      ])
      if (shown) {
        expect(shown.frameWidth).toBeGreaterThanOrEqual(160)
        expect(shown.packetsLost).toBe(0)
      }
      if (heard) {
        expect(heard.codec).toBe('audio/opus')
        expect(heard.totalAudioEnergy).toBeGreaterThan(0)
      }
      const stream = streamOf(content)
      const found = Object.fromEntries(
        stream!.sent.map(({ kind, transcoded, codec, sourceCodec }) => {
          expect(codec === sourceCodec || transcoded).toBe(true)
          return [kind, transcoded ? 'transcoded' : 'passes']
        }),
      )
      expect(found).toEqual(expected)
      const wire = (await viewer.video()).codec?.replace('video/', '').toLowerCase()
      expect(wire).toBe(stream!.sent.find(({ kind }) => kind === 'video')?.codec)
    })
  })

  it.concurrent('turns a rotated picture', async () => {
    await watch(await addFiles(server, await clip('rotated.mp4')), async (viewer) => {
      const { frameWidth, frameHeight } = await viewer.plays(20)
      const turned = Number(await viewer.page.locator('video').getAttribute('data-rotation'))
      const isUpright = turned % 180 === 0 ? frameHeight! > frameWidth! : frameWidth! > frameHeight!
      expect({ turned, frameWidth, frameHeight, isUpright }).toMatchObject({ isUpright: true })
    })
  })

  it.concurrent('plays the audio track that is chosen', async () => {
    await watch(await addFiles(server, await clip('two-languages.mkv')), async (viewer) => {
      await viewer.press('Loop')
      await viewer.plays(10)
      const pitchHz = () => viewer.page.evaluate<number>(pitch)
      await until('the first track is heard', async () => Math.abs((await pitchHz()) - 440) < 40)
      await viewer.chooseQuality(/German/)
      await until('the second track is heard', async () => Math.abs((await pitchHz()) - 880) < 40)
      await viewer.plays(10)
    })
  })

  it.concurrent('says why when nobody can decode it', async () => {
    const scratch = await scratchFolder()
    try {
      const file = join(scratch.path, 'odd.mkv')
      const source = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10:duration=1']
      await run('ffmpeg', ['-v', 'error', ...source, '-c:v', 'huffyuv', file])
      await watch(await addFiles(server, file), async (viewer) => {
        await until('the page gives up', async () => (await viewer.phase()) === 'failed')
        expect(await viewer.failure()).toContain('This browser cannot play it')
      })
    } finally {
      await scratch.remove()
    }
  })

  it.concurrent('plays a folder in the form of HLS, as files and in segments', async () => {
    for (const name of ['ladder', 'hls-segments'] as const) {
      const folder = await clip(name)
      const cid = await addFiles(server, ...readdirSync(folder).map((file) => `${folder}/${file}`))
      await watch(cid, async (viewer) => {
        await viewer.plays(20)
        expect(streamOf(cid)).toMatchObject({ media: { mode: 'ladder' } })
      })
    }
  })
})

/** The strongest frequency that is heard, in hertz. */
const pitch = `
(async () => {
  globalThis.analysed ??= (() => {
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    analyser.fftSize = 4096
    const tracks = document.querySelector('video').srcObject.getAudioTracks()
    context.createMediaStreamSource(new MediaStream(tracks)).connect(analyser)
    return { context, analyser }
  })()
  const { context, analyser } = analysed
  const levels = new Float32Array(analyser.frequencyBinCount)
  analyser.getFloatFrequencyData(levels)
  return (levels.indexOf(Math.max(...levels)) * context.sampleRate) / analyser.fftSize
})()
`
