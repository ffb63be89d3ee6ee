import { execFileSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { openMedia } from '../../../src/lib/media/open.ts'
import type { MediaSource, Rendition } from '../../../src/lib/media/rendition.ts'
import type { Gop } from '../../../src/lib/model/frame.ts'
import type { MediaKind } from '../../../src/lib/model/track.ts'
import { type ClipName, clip, clipFiles, hasFfmpeg } from '../../support/clips.ts'

const signal = AbortSignal.timeout(60_000)
const opened: MediaSource[] = []
afterAll(() => {
  for (const media of opened) media.close()
})

async function renditionOf(name: ClipName, kind: MediaKind): Promise<Rendition> {
  const media = await openMedia(await clipFiles(name), { clock: systemClock })
  opened.push(media)
  return media.rendition(media.tracks.find((track) => track.kind === kind)!.id)
}

async function allGops(rendition: Rendition): Promise<Gop[]> {
  const gops = [await rendition.gopAt(0, signal)]
  for (;;) {
    const next = await rendition.gopAfter(gops.at(-1)!, signal)
    if (!next) return gops
    gops.push(next)
  }
}

/** What ffprobe says of the packets, as something that does not share our demuxer. */
async function probePackets(
  name: ClipName,
  kind: MediaKind,
): Promise<{ size: number; isKey: boolean; timeS: number }[]> {
  const args = [
    '-v',
    'error',
    '-select_streams',
    kind[0]!,
    '-show_entries',
    'packet=pts_time,size,flags',
    '-of',
    'csv=p=0',
  ]
  const text = execFileSync('ffprobe', [...args, await clip(name)], { encoding: 'utf8' })
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [timeS, size, flags] = line.split(',')
      return { size: Number(size), isKey: flags!.startsWith('K'), timeS: Number(timeS) }
    })
}

describe.skipIf(!hasFfmpeg)('a stored rendition', () => {
  it.each([
    ['h264.mp4', 'video'],
    ['h264-b-frames.mp4', 'video'],
    ['vp8.webm', 'video'],
    ['vp9.webm', 'video'],
    ['vp8.webm', 'audio'],
    ['h264.mkv', 'audio'],
    ['long-gop.mp4', 'video'],
  ] as const)('has every frame of %s (%s), in decode order, with its time', async (name, kind) => {
    const gops = await allGops(await renditionOf(name, kind))
    const frames = gops.flatMap((gop) => gop.frames)
    const expected = await probePackets(name, kind)
    expect(frames.map((frame) => frame.data.length)).toEqual(expected.map((packet) => packet.size))
    if (kind === 'video') expect(frames.map((frame) => frame.isKey)).toEqual(expected.map((packet) => packet.isKey))
    const offsetS = frames[0]!.timeS - expected[0]!.timeS
    for (const [i, frame] of frames.entries()) expect(frame.timeS - offsetS).toBeCloseTo(expected[i]!.timeS, 2)
  })

  it.each([
    ['h264.mp4', 'video'],
    ['h264.mp4', 'audio'],
    ['vp8.webm', 'audio'],
    ['opus.ogg', 'audio'],
    ['h264.ts', 'video'],
    ['long-gop.mp4', 'video'],
  ] as const)('comes in runs that join without a gap: %s (%s)', async (name, kind) => {
    const gops = await allGops(await renditionOf(name, kind))
    expect(gops.map((gop) => gop.isLast)).toEqual(gops.map((_, i) => i === gops.length - 1))
    for (const [i, gop] of gops.entries()) {
      expect(gop.startS).toBe(gop.frames[0]!.timeS)
      if (i > 0) expect(gop.startS).toBe(gops[i - 1]!.endS)
      expect(gop.byteLength).toBe(gop.frames.reduce((sum, frame) => sum + frame.data.length, 0))
      expect(new Set(gop.frames.map((frame) => frame.data.buffer)).size).toBe(1)
      expect(gop.frames[0]!.data.buffer.byteLength).toBe(gop.byteLength)
      if (kind === 'video' && !gop.continues) expect(gop.frames[0]!.isKey).toBe(true)
    }
  })

  it('finds the key frame at or before any time', async () => {
    const rendition = await renditionOf('vp9.webm', 'video')
    const gops = await allGops(rendition)
    for (const gop of gops) {
      expect((await rendition.gopAt(gop.startS, signal)).startS).toBe(gop.startS)
      expect((await rendition.gopAt(gop.endS - 0.01, signal)).startS).toBe(gop.startS)
    }
    expect((await rendition.gopAt(0, signal)).startS).toBe(gops[0]!.startS)
    expect((await rendition.gopAt(1e9, signal)).startS).toBe(gops.at(-1)!.startS)
  })

  it('finds the run of audio that holds any time', async () => {
    const rendition = await renditionOf('h264.mp4', 'audio')
    for (const gop of await allGops(rendition))
      for (const frame of gop.frames) expect((await rendition.gopAt(frame.timeS, signal)).startS).toBe(gop.startS)
  })

  it('cuts a long GOP into pieces of ten seconds, of which a seek gets the first', async () => {
    const rendition = await renditionOf('long-gop.mp4', 'video')
    const gops = await allGops(rendition)
    expect(gops.map((gop) => [gop.startS, gop.continues])).toEqual([
      [0, false],
      [10, true],
      [20, true],
    ])
    expect((await rendition.gopAt(15, signal)).startS).toBe(0)
  })

  it('goes on from a GOP that another opening of the file has read', async () => {
    const gops = await allGops(await renditionOf('long-gop.mp4', 'video'))
    const again = await renditionOf('long-gop.mp4', 'video')
    for (const [i, gop] of gops.entries()) {
      const next = await again.gopAfter({ startS: gop.startS, endS: gop.endS, isLast: gop.isLast }, signal)
      expect(next?.startS).toBe(gops[i + 1]?.startS)
      expect(next?.frames.length).toBe(gops[i + 1]?.frames.length)
    }
  })

  it('begins at the time 0 of the file; a decoder gets the priming before it, a viewer none', async () => {
    const startOf = async (name: ClipName, kind: MediaKind) =>
      (await (await renditionOf(name, kind)).gopAt(0, signal)).startS
    expect(await startOf('h264.mp4', 'video')).toBeCloseTo(0, 6)
    expect(await startOf('h264.mp4', 'audio')).toBeCloseTo(-1024 / 48_000, 6)
    const opus = await (await renditionOf('vp9.mp4', 'audio')).gopAt(0, signal)
    expect(opus.frames[0]!.timeS + opus.frames[0]!.durationS).toBeGreaterThan(0)
    expect(opus.frames.every(({ timeS, durationS }) => timeS + durationS > 0)).toBe(true)
  })

  it('gives the frames before an edit for decoding, at times before 0', async () => {
    const [video, audio] = [await renditionOf('trimmed.mp4', 'video'), await renditionOf('trimmed.mp4', 'audio')]
    expect(video.durationS).toBeCloseTo(2.5, 1)
    const gop = await video.gopAt(0, signal)
    expect(gop.frames[0]).toMatchObject({ isKey: true, timeS: expect.closeTo(-0.5, 2) })
    expect(gop.endS).toBeCloseTo(0.5, 2)
    const run = await audio.gopAt(0, signal)
    expect(run.startS).toBeLessThan(0)
    expect(run.startS).toBeGreaterThan(-0.4)
  })

  it('takes the length of Opus packets from the packets', async () => {
    const gops = await allGops(await renditionOf('vp8.webm', 'audio'))
    expect(new Set(gops.flatMap((gop) => gop.frames.map((frame) => frame.durationS)))).toEqual(new Set([0.02]))
  })

  it('serves many at once, in any order', async () => {
    const rendition = await renditionOf('vp8.webm', 'video')
    const starts = await Promise.all(
      [2.5, 0, 1.5, 2.5, 0.5].map(async (t) => (await rendition.gopAt(t, signal)).startS),
    )
    expect(starts.map(Math.floor)).toEqual([2, 0, 1, 2, 0])
  })

  it('rejects with the reason of its signal and goes on for others', async () => {
    const rendition = await renditionOf('vp8.webm', 'video')
    const abort = new AbortController()
    const left = rendition.gopAt(0, abort.signal)
    const stays = rendition.gopAt(1.5, signal)
    abort.abort(new McpxError('INTERRUPTED', 'the viewer left'))
    await expect(left).rejects.toMatchObject({ message: 'the viewer left' })
    expect((await stays).frames).toHaveLength(30)
  })

  it('rejects once it is closed', async () => {
    const media = await openMedia(await clipFiles('vp8.webm'), { clock: systemClock })
    const rendition = media.rendition(1)
    media.close()
    await expect(rendition.gopAt(0, signal)).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(() => media.rendition(99)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
