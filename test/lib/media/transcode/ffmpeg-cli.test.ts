import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createFfmpegEncoder } from '../../../../src/lib/media/transcode/ffmpeg-cli.ts'
import {
  beepTimes,
  decodeOpus,
  decodePictures,
  flashTimes,
  framesOf,
  hasParts,
  transcode,
} from '../../../support/transcode.ts'
import { clip, rotatedClip } from '../../../support/transcode-clips.ts'
import { until } from '../../../support/webrtc-pair.ts'

const encoder = createFfmpegEncoder()
const near = (times: readonly number[], expected: readonly number[], withinS: number) => {
  expect(times).toHaveLength(expected.length)
  for (const [i, timeS] of times.entries()) expect(Math.abs(timeS - expected[i]!)).toBeLessThanOrEqual(withinS)
}

/** Children of this process that run ffmpeg. */
const children = () => {
  const list = execFileSync('ps', ['-o', 'comm=', '--ppid', String(process.pid)], { encoding: 'utf8' })
  return list.split('\n').filter((name) => name.startsWith('ffmpeg'))
}

// What comes out is looked at with node-av.
describe.skipIf(!(await hasParts()))('the ffmpeg on the PATH', () => {
  it.each(['vp8', 'h264'] as const)(
    'makes %s segments that decode alone, from a start and from the middle',
    async (codec) => {
      for (const from of [0, 7]) {
        const { segments } = await transcode(clip('flash-long-gop.mp4'), {
          kind: 'video',
          codec,
          from,
          count: 3,
          encoder,
        })
        expect(segments.map(({ index }) => index)).toEqual([from, from + 1, from + 2])
        for (const segment of segments) {
          expect(segment.frames[0]).toMatchObject({ isKey: true, timeS: segment.startS })
          const pictures = await decodePictures(codec, framesOf(segment))
          expect(pictures).toHaveLength(30)
          near(flashTimes(pictures), [segment.startS], 0.001)
        }
      }
    },
  )

  it('turns the picture upright', async () => {
    const { segments } = await transcode(rotatedClip(), { kind: 'video', count: 1, encoder })
    const dark = (await decodePictures('vp8', framesOf(segments[0]!))).find(({ timeS }) => timeS > 0.3)!
    expect([dark.width, dark.height]).toEqual([180, 320])
    expect(dark.quarters[2] - Math.max(dark.quarters[0], dark.quarters[1], dark.quarters[3])).toBeGreaterThan(20)
  })

  it.each(['flash-vp9.webm', 'flash.ts'])('decodes the video of %s', async (name) => {
    const { segments } = await transcode(clip(name), { kind: 'video', from: 5, count: 2, encoder })
    near(flashTimes(await decodePictures('vp8', segments.flatMap(framesOf))), [5, 6], 0.04)
  })

  it.each(['flash-long-gop.mp4', 'flash-vp8.webm', 'flash.wav'])(
    'has the sound of %s at its own time',
    async (name) => {
      for (const from of [0, 5]) {
        const { segments } = await transcode(clip(name), { kind: 'audio', from, count: 3, encoder })
        const frames = segments.flatMap(framesOf)
        expect(frames).toHaveLength(150)
        near(beepTimes((await decodeOpus(frames)).subarray(0, 2.9 * 48_000)), [0, 1, 2], 0.03)
      }
    },
  )

  it('leaves no process behind, however the job ends', async () => {
    const path = clip('flash-long-gop.mp4')
    await transcode(path, { kind: 'video', count: 1, encoder })
    await transcode(path, { kind: 'audio', encoder })
    const hopeless = transcode(path, { kind: 'video', damage: () => true, encoder })
    await expect(hopeless).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' })
    expect(children()).toEqual([])
  })

  it('says that it is missing', async () => {
    const missing = createFfmpegEncoder({ path: '/nowhere/ffmpeg' })
    const job = transcode(clip('flash-long-gop.mp4'), { kind: 'video', encoder: missing })
    await expect(job).rejects.toMatchObject({ code: 'ENCODER_MISSING' })
  })

  describe.skipIf(process.platform === 'win32')('that fails on its content', () => {
    /** Sends a signal to the ffmpeg that is there, once it is. */
    async function signalFfmpeg(signal: NodeJS.Signals): Promise<void> {
      let pid: string | undefined
      await until(() => {
        const list = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)], { encoding: 'utf8' })
        pid = /(\d+) ffmpeg/.exec(list)?.[1]
        return pid !== undefined
      })
      process.kill(Number(pid), signal)
    }

    it.each([
      ['crashes', /crashed \(signal SIGSEGV\)/, {}, 'SIGSEGV'],
      ['hangs', /hung/, { silentMs: 1000 }, 'SIGSTOP'],
      // Stopped, so that it is not over before anybody has looked.
      ['takes too much memory', /memory/, { maxRssBytes: 2 ** 19 }, 'SIGSTOP'],
    ] as const)(
      'tells of one that %s, and does not take it for the end of the content',
      async (_what, message, bounds, signal) => {
        const bounded = createFfmpegEncoder(bounds)
        const path = clip('flash-long-gop.mp4')
        const transcoding = transcode(path, { kind: 'video', codec: 'vp9', encoder: bounded })
        const rejected = expect(transcoding).rejects.toMatchObject({
          code: 'TRANSCODE_FAILED',
          message: expect.stringMatching(message),
        })
        await signalFfmpeg(signal)
        await rejected
        await until(() => children().length === 0)
      },
    )
  })
})
