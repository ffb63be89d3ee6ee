// A WHEP client that is not ours and decodes for itself: aiortc (Python). Another ICE, DTLS, SRTP and jitter buffer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { type ClipName, clip } from '../support/clips.ts'
import { findProgram, missingParts } from '../support/e2e.ts'
import { playWithAiortc, prepareAiortc } from '../support/e2e-aiortc.ts'
import { addFiles, allClosed, startServer, whepUrl } from '../support/e2e-server.ts'

const python = await prepareAiortc()
const missing = missingParts({ aiortc: python, ffmpeg: findProgram('ffmpeg') })

describe.skipIf(missing.length > 0)('aiortc', () => {
  let server: McpxServer

  beforeAll(async () => {
    server = await startServer({ sample: true })
  })
  afterAll(() => server?.stop())

  it.each([
    ['vp8.webm', 'vp8', false],
    ['h264.mkv', 'h264', false],
    ['h264-b-frames.mp4', undefined, true],
  ] as const satisfies [ClipName, string | undefined, boolean][])('decodes %s', async (name, codec, transcoded) => {
    const cid = await addFiles(server, await clip(name))
    const sent = new Promise<readonly object[]>((found) => {
      server.engine.events.on('stream', (record) => record.sent.length > 0 && found(record.sent))
    })
    const result = await playWithAiortc(python!, whepUrl(server, cid), { video: 40, audio: 60 })
    expect(result).toMatchObject({
      video: { frames: 40, backwards: 0, width: 320, height: 180 },
      audio: { frames: 60, backwards: 0 },
      deleted: 200,
    })
    expect(result.audio!.loudest).toBeGreaterThan(500)
    expect(await sent).toMatchObject([{ kind: 'video', ...(codec && { codec }), transcoded }, { kind: 'audio' }])
    await allClosed(server)
  })

  it('is given the sample in a codec that it knows', async () => {
    const result = await playWithAiortc(python!, whepUrl(server, server.sample!.cid), { video: 40, audio: 60 })
    expect(result).toMatchObject({ video: { frames: 40, backwards: 0 }, audio: { frames: 60 }, deleted: 200 })
    await allClosed(server)
  })

  it('plays sound alone', async () => {
    const cid = await addFiles(server, await clip('opus.ogg'))
    const result = await playWithAiortc(python!, whepUrl(server, cid), { video: 0, audio: 60 })
    expect(result).toMatchObject({ audio: { frames: 60, backwards: 0 }, deleted: 200 })
    expect(result.audio!.loudest).toBeGreaterThan(500)
    await allClosed(server)
  })
})
