import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { ladderOf } from '../../../src/lib/media/ladder.ts'
import { openMedia } from '../../../src/lib/media/open.ts'
import { describeMedia } from '../../../src/lib/media/probe.ts'
import type { Gop } from '../../../src/lib/model/frame.ts'
import { clipFiles, hasFfmpeg, memoryFiles, newReadLog } from '../../support/clips.ts'

const signal = AbortSignal.timeout(60_000)
const clock = systemClock

describe.skipIf(!hasFfmpeg)('a ladder', () => {
  it.each(['ladder', 'hls-segments'] as const)('has its rungs from worst to best, and its audio: %s', async (name) => {
    const log = newReadLog()
    const media = await openMedia(await clipFiles(name, 'master.m3u8', log), { clock })
    const { rungs, video, audio, mode } = ladderOf(media)
    expect(mode).toBe('ladder')
    expect(rungs).toMatchObject([
      { index: 0, name: 'very_low', width: 160, height: 90, frameRate: 30 },
      { index: 1, name: 'very_high', width: 320, height: 180, frameRate: 30 },
    ])
    expect(rungs[1]!.bitrateBps!).toBeGreaterThan(rungs[0]!.bitrateBps!)
    expect(video.map((track) => [track.codec, track.width, track.reordered])).toEqual([
      ['h264', 160, false],
      ['h264', 320, false],
    ])
    expect(audio).toMatchObject([{ codec: 'opus', language: 'eng', channels: 1 }])
    expect(describeMedia(media)).toMatchObject({ container: 'hls', mode: 'ladder', rungs: [{}, {}] })
    media.close()
    expect(log.open).toBe(0)
  })

  it.each(['ladder', 'hls-segments'] as const)('switches at the same key frames on every rung: %s', async (name) => {
    const media = await openMedia(await clipFiles(name, 'master.m3u8'), { clock })
    const starts: number[][] = []
    for (const track of ladderOf(media).video) {
      const rendition = media.rendition(track.id)
      const gops: Gop[] = []
      for (
        let gop: Gop | undefined = await rendition.gopAt(0, signal);
        gop;
        gop = await rendition.gopAfter(gop, signal)
      )
        gops.push(gop)
      expect(gops.map((gop) => gop.frames.length)).toEqual([30, 30, 30, 30])
      expect(gops.every((gop) => gop.frames[0]!.isKey && !gop.continues)).toBe(true)
      starts.push(gops.map((gop) => gop.startS))
      expect((await rendition.gopAt(2.5, signal)).startS).toBeCloseTo(2, 6)
    }
    expect(starts[0]).toEqual(starts[1])
    media.close()
  })

  it('plays a playlist without an end as far as it goes', async () => {
    const files = await clipFiles('ladder', 'low.m3u8')
    const playlist = await files.open('low.m3u8')
    const text = Buffer.from(await playlist.read(0, playlist.sizeBytes)).toString()
    const open = text.replace('#EXT-X-ENDLIST', '').replace('#EXT-X-PLAYLIST-TYPE:VOD', '')
    const video = await files.open('low.mp4')
    const media = await openMedia(
      memoryFiles({ 'low.m3u8': Buffer.from(open), 'low.mp4': await video.read(0, video.sizeBytes) }),
      { clock },
    )
    expect(media.durationS).toBeCloseTo(4, 2)
    expect((await media.rendition(media.tracks[0]!.id).gopAt(100, signal)).isLast).toBe(true)
    media.close()
  })

  it('says which file is missing', async () => {
    const files = await clipFiles('ladder', 'master.m3u8')
    const playlist = await files.open('master.m3u8')
    const master = await playlist.read(0, playlist.sizeBytes)
    await expect(openMedia(memoryFiles({ 'master.m3u8': master }), { clock })).rejects.toMatchObject({
      code: 'CONTENT_NOT_FOUND',
      message: expect.stringContaining('.m3u8'),
    })
  })
})

describe('the rungs of a source', () => {
  const video = (id: number, codec: string, bitrateBps?: number, height = 100) => ({
    ...{ id, kind: 'video' as const, codec, codecString: codec, width: height * 2, height },
    ...(bitrateBps !== undefined && { bitrateBps }),
  })

  it('are of one codec, the one with the most', () => {
    const tracks = [video(1, 'h264', 900), video(2, 'vp9', 500), video(3, 'vp9', 100), video(4, 'vp9', 300)]
    expect(ladderOf({ container: 'hls', tracks }).video.map((track) => track.id)).toEqual([3, 4, 2])
  })

  it('are ordered by size where no bitrate is known', () => {
    const tracks = [video(1, 'vp9', undefined, 720), video(2, 'vp9', undefined, 180)]
    expect(ladderOf({ container: 'hls', tracks }).video.map((track) => track.id)).toEqual([2, 1])
  })

  it('are only the first video of a file, whose others are different pictures', () => {
    const tracks = [video(1, 'vp8', 100), video(2, 'vp8', 900)]
    expect(ladderOf({ container: 'mkv', tracks })).toMatchObject({ mode: 'fixed', video: [{ id: 1 }] })
  })
})
