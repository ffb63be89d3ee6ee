import { describe, expect, it } from 'vitest'
import { createEncoder } from '../../../../src/lib/media/transcode/create-encoder.ts'
import { isFfmpegUsable } from '../../../../src/lib/media/transcode/ffmpeg-cli.ts'

const loadNodeAv = () => Promise.reject(new Error('no binary for this libc'))

describe('the encoder of a name', () => {
  it('is an ffmpeg where node-av is installed and does not load', async ({ skip }) => {
    if (!(await isFfmpegUsable())) skip('no ffmpeg on the PATH')
    expect((await createEncoder('node-av', { loadNodeAv })).name).toBe('ffmpeg')
  })

  it('is missing when neither is there, and the error names both', async () => {
    const made = createEncoder('node-av', { loadNodeAv, ffmpegPath: '/nowhere/ffmpeg' })
    await expect(made).rejects.toMatchObject({
      code: 'ENCODER_MISSING',
      message: expect.stringMatching(/node-av.*no binary for this libc.*\/nowhere\/ffmpeg/),
    })
    await expect(createEncoder('none')).rejects.toMatchObject({ code: 'ENCODER_MISSING' })
  })
})
