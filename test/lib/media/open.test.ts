import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../../src/lib/base/clock.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { openMedia } from '../../../src/lib/media/open.ts'
import { describeMedia } from '../../../src/lib/media/probe.ts'
import type { Track } from '../../../src/lib/model/track.ts'
import { type ClipName, clip, clipBytes, clipFiles, hasFfmpeg, memoryFiles, newReadLog } from '../../support/clips.ts'

const clock = systemClock
const soon = () => AbortSignal.timeout(15_000)

async function tracksOf(name: ClipName, entry?: string): Promise<readonly Track[]> {
  const media = await openMedia(await clipFiles(name, entry), { clock })
  media.close()
  return media.tracks
}

describe.skipIf(!hasFfmpeg)('opening media', () => {
  const h264 = { kind: 'video', codec: 'h264', width: 320, height: 180, frameRate: 30, rotation: 0, reordered: false }
  const aac = { kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', sampleRate: 48000, channels: 1 }
  const opus = { kind: 'audio', codec: 'opus', sampleRate: 48000, channels: 1 }
  const vp8 = { ...h264, codec: 'vp8' }
  const vp9 = { ...h264, codec: 'vp9', codecString: expect.stringMatching(/^vp09\.00\./) }
  const av1 = { ...h264, codec: 'av1', codecString: expect.stringMatching(/^av01\.0\.\d\dM\.08/) }
  const audioOnly = (codec: string) => ({ kind: 'audio', codec, sampleRate: 48000 })

  const cases: [name: ClipName, container: string, durationS: number, tracks: object[]][] = [
    ['h264.mp4', 'mp4', 3, [h264, aac]],
    ['h264-faststart.mp4', 'mp4', 3, [h264, aac]],
    ['h264-fragmented.mp4', 'mp4', 3, [h264, aac]],
    ['h264.mov', 'mov', 3, [h264, aac]],
    ['h264.mkv', 'mkv', 3, [h264, opus]],
    ['h264.ts', 'mpeg-ts', 3, [h264, aac]],
    ['hevc.mp4', 'mp4', 3, [{ kind: 'video', codec: 'hevc' }, aac]],
    ['vp8.webm', 'webm', 3, [vp8, opus]],
    ['vp9.webm', 'webm', 3, [vp9, opus]],
    ['vp9.mp4', 'mp4', 3, [vp9, opus]],
    ['av1.mp4', 'mp4', 2, [av1, opus]],
    ['av1.webm', 'webm', 2, [av1, opus]],
    ['opus.ogg', 'ogg', 3, [audioOnly('opus')]],
    ['vorbis.ogg', 'ogg', 3, [audioOnly('vorbis')]],
    ['tone.mp3', 'mp3', 3, [audioOnly('mp3')]],
    ['tone.wav', 'wav', 3, [audioOnly('pcm-s16')]],
    ['tone.flac', 'flac', 3, [audioOnly('flac')]],
    ['tone.aac', 'adts', 3, [audioOnly('aac')]],
    ['tone.m4a', 'mp4', 3, [audioOnly('aac')]],
  ]

  it.each(cases)('understands %s', async (name, container, durationS, tracks) => {
    const log = newReadLog()
    const media = await openMedia(await clipFiles(name, undefined, log), { clock })
    expect(media.container).toBe(container)
    expect(media.durationS).toBeGreaterThan(durationS - 0.01)
    expect(media.durationS).toBeLessThan(durationS + 0.06)
    expect(media.tracks).toMatchObject(tracks)
    media.close()
    expect(log.open).toBe(0)
  })

  it('has the decoder configuration of each codec that needs one', async () => {
    const [video, audio] = await tracksOf('h264.mp4')
    expect(video!.codecString).toMatch(/^avc1\.42c0/)
    expect(video!.description?.[0]).toBe(1)
    expect(audio!.description?.length).toBeGreaterThanOrEqual(2)
    const [, opusTrack] = await tracksOf('vp8.webm')
    expect(Buffer.from(opusTrack!.description!.subarray(0, 8)).toString()).toBe('OpusHead')
    const [annexB] = await tracksOf('h264.ts')
    expect(annexB!.description).toBeUndefined()
  })

  it.each(['h264-b-frames.mp4', 'vp8-hidden.webm', 'av1-hidden.webm'] as const)(
    'sees that frames of %s are not in the order they are shown',
    async (name) => {
      expect((await tracksOf(name))[0]).toMatchObject({ reordered: true, frameRate: 30 })
    },
  )

  it('lets VP9 superframes pass, which hold the hidden frame and the shown one', async () => {
    expect((await tracksOf('vp9-hidden.webm'))[0]).toMatchObject({ reordered: false })
  })

  it('knows rotation, languages and a variable rate', async () => {
    expect((await tracksOf('rotated.mp4'))[0]!.rotation).toBe(270)
    const audio = (await tracksOf('two-languages.mkv')).filter((track) => track.kind === 'audio')
    expect(audio.map((track) => track.language)).toEqual(['eng', 'deu'])
    expect(new Set(audio.map((track) => track.id)).size).toBe(2)
    expect((await tracksOf('variable-rate.mp4'))[0]!.frameRate).toBe(30)
  })

  it('knows the shape of pixels that are not square', async () => {
    const [anamorphic] = await tracksOf('anamorphic.mp4')
    expect(anamorphic).toMatchObject({ width: 320, height: 180, displayWidth: 427, displayHeight: 180 })
    expect((await tracksOf('h264.mp4'))[0]).not.toHaveProperty('displayWidth')
  })

  it('describes a file as one fixed rung', async () => {
    const media = await openMedia(await clipFiles('rotated.mp4'), { clock })
    expect(describeMedia(media)).toMatchObject({
      container: 'mp4',
      mode: 'fixed',
      rotation: 270,
      rungs: [{ index: 0, name: 'fixed', width: 320, height: 180, frameRate: 30 }],
      tracks: [{ codec: 'h264' }, { codec: 'aac' }],
    })
    media.close()
  })

  it('has no rung for audio alone', async () => {
    const media = await openMedia(await clipFiles('opus.ogg'), { clock })
    expect(describeMedia(media)).toMatchObject({ rungs: [], mode: 'fixed', rotation: 0 })
    media.close()
  })

  it('fails with MEDIA_CORRUPT or NOT_MEDIA on a file without its end, and closes it', async () => {
    const whole = await clipBytes('h264.mp4')
    const log = newReadLog()
    const files = memoryFiles({ 'cut.mp4': whole.subarray(0, whole.length >> 1) }, undefined, log)
    await expect(openMedia(files, { clock })).rejects.toMatchObject({ code: expect.stringMatching(/MEDIA/) })
    expect(log.open).toBe(0)
  })

  it('plays a cut file up to where it ends, and says MEDIA_CORRUPT there', async () => {
    const whole = await clipBytes('h264-faststart.mp4')
    const files = memoryFiles({ 'cut.mp4': whole.subarray(0, Math.floor(whole.length * 0.6)) })
    const media = await openMedia(files, { clock })
    const rendition = media.rendition(media.tracks[0]!.id)
    const first = await rendition.gopAt(0, soon())
    expect(first.frames).toHaveLength(30)
    const second = await rendition.gopAfter(first, soon())
    expect(second!.frames.length).toBeLessThan(30)
    expect(second!.isLast).toBe(false)
    await expect(rendition.gopAfter(second!, soon())).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' })
    await expect(rendition.gopAt(2.5, soon())).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' })
    media.close()
  })

  const mutated: ClipName[] = [
    'h264-faststart.mp4',
    'h264-fragmented.mp4',
    'vp8.webm',
    'h264.ts',
    'opus.ogg',
    'tone.mp3',
    'tone.flac',
    'tone.wav',
  ]
  it.each(mutated)('never hangs or crashes on a damaged %s', async (name) => {
    const whole = await clipBytes(name)
    const at = fc.oneof(fc.nat(whole.length - 1), fc.nat(Math.min(2000, whole.length - 1)))
    const damage = fc.record({
      bytes: fc.array(fc.tuple(at, fc.nat(255)), { maxLength: 20 }),
      cut: fc.option(fc.nat(whole.length)),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ bytes, cut }) => {
        const damaged = whole.slice(0, cut ?? whole.length)
        for (const [offset, value] of bytes) if (offset < damaged.length) damaged[offset] = value
        await playAll({ [name]: damaged })
      }),
      { numRuns: 15, seed: 7 },
    )
  })
})

/** Opens and reads every track to its end, or to the McpxError that must be all that can happen. */
async function playAll(files: Record<string, Uint8Array>, entry?: string): Promise<void> {
  const log = newReadLog()
  try {
    const media = await openMedia(memoryFiles(files, entry, log), { clock, timeoutMs: 5000 })
    for (const track of media.tracks) await readThrough(media.rendition(track.id))
    media.close()
  } catch (error) {
    if (!(error instanceof McpxError)) throw error
    expect(['NOT_MEDIA', 'MEDIA_CORRUPT']).toContain(error.code)
  }
  expect(log.open).toBeLessThanOrEqual(1)
}

async function readThrough(rendition: ReturnType<Awaited<ReturnType<typeof openMedia>>['rendition']>): Promise<void> {
  try {
    let gop: Awaited<ReturnType<typeof rendition.gopAfter>> = await rendition.gopAt(0, soon())
    for (let i = 0; gop && i < 100; i++) gop = await rendition.gopAfter(gop, soon())
  } catch (error) {
    expect(error).toMatchObject({ code: 'MEDIA_CORRUPT' })
  }
}

describe('what is no media', () => {
  const refused = (content: string | Uint8Array, name = 'file') =>
    openMedia(memoryFiles({ [name]: typeof content === 'string' ? Buffer.from(content) : content }), { clock })

  it.each([
    ['nothing', ''],
    ['text', 'hello, world\n'.repeat(200)],
    ['a web page', '<!doctype html><title>x</title>'],
    ['an empty playlist', '#EXTM3U\n'],
  ])('is refused: %s', async (_, content) => {
    await expect(refused(content)).rejects.toMatchObject({ code: expect.stringMatching(/^(NOT_MEDIA|MEDIA_CORRUPT)$/) })
  })

  it('is refused whatever the bytes are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), async (content) => playAll({ file: content })),
      { numRuns: 60, seed: 3 },
    )
  })
})

describe('reading that fails', () => {
  it('keeps the error of the source', async () => {
    const files = {
      ...{ id: 'x', entry: 'x' },
      open: () => ({
        sizeBytes: 5000,
        read: () => Promise.reject(new McpxError('CONTENT_CORRUPT', 'a block does not match')),
        close: () => {},
      }),
    }
    await expect(openMedia(files, { clock })).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('ends with CONTENT_TIMEOUT when the source says nothing, and closes it', async () => {
    let closed = 0
    let expire = () => {}
    const stopped: Clock = {
      now: () => 0,
      wallMs: () => 0,
      after(_, run) {
        expire = run
        return { cancel: () => {} }
      },
    }
    const never = { sizeBytes: 5000, read: () => new Promise<never>(() => {}), close: () => void closed++ }
    const opening = openMedia({ id: 'x', entry: 'x', open: () => never }, { clock: stopped })
    opening.catch(() => {})
    await new Promise(setImmediate)
    expire()
    await expect(opening).rejects.toMatchObject({ code: 'CONTENT_TIMEOUT' })
    expect(closed).toBe(1)
  })

  it('ends with the reason of the signal', async () => {
    const abort = new AbortController()
    const never = { sizeBytes: 5000, read: () => new Promise<never>(() => {}), close: () => {} }
    const opening = openMedia({ id: 'x', entry: 'x', open: () => never }, { clock, signal: abort.signal })
    abort.abort(new McpxError('INTERRUPTED', 'the viewer left'))
    await expect(opening).rejects.toMatchObject({ message: 'the viewer left' })
  })
})

describe.skipIf(!process.env.MCPX_TEST_CLIP)('the clip of MCPX_TEST_CLIP', () => {
  it('opens', async () => {
    const { readFileSync } = await import('node:fs')
    const media = await openMedia(memoryFiles({ clip: readFileSync(process.env.MCPX_TEST_CLIP!) }), { clock })
    expect(media.tracks.length).toBeGreaterThan(0)
    media.close()
  })
})

describe.skipIf(!hasFfmpeg)('clips', () => {
  it('are made once', async () => {
    expect(await clip('opus.ogg')).toBe(await clip('opus.ogg'))
  })
})

describe('a playlist', () => {
  const playlist = (text: string) => memoryFiles({ 'master.m3u8': Buffer.from(text) })

  it('that cannot be read is an error of who opens it, and of nobody else', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    const failing = {
      id: 'x',
      entry: 'master.m3u8',
      open: () => ({
        sizeBytes: 100,
        read: () => Promise.reject(new McpxError('CONTENT_NOT_FOUND', 'nobody has it')),
        close() {},
      }),
    }
    await expect(openMedia(failing, { clock })).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it('of very many variants is refused before they are compared', async () => {
    const variants = Array.from({ length: 2000 }, (_, at) => `#EXT-X-STREAM-INF:BANDWIDTH=${at + 1}\nv${at}.m3u8\n`)
    await expect(openMedia(playlist(`#EXTM3U\n${variants.join('')}`), { clock })).rejects.toMatchObject({
      code: 'MEDIA_CORRUPT',
      message: expect.stringContaining('2000 variants'),
    })
  })

  it.each(['http://127.0.0.1:9/a.ts', '//127.0.0.1:9/a.ts', 'file:///etc/passwd', '../../a.ts', 'data:video/mp4,x'])(
    'that refers to %s is refused, and nothing is fetched',
    async (uri) => {
      const fetched = vi.spyOn(globalThis, 'fetch')
      const text = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:1,\n${uri}\n#EXT-X-ENDLIST\n`
      await expect(openMedia(playlist(text), { clock })).rejects.toBeInstanceOf(McpxError)
      expect(fetched).not.toHaveBeenCalled()
      fetched.mockRestore()
    },
  )
})
