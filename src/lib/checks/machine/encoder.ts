// The encoder: which one this machine has, and whether it really makes a picture.
import { detectEncoder } from '../../media/transcode/detect-encoder.ts'
import { defineCheck } from '../check.ts'
import { encodeOnePicture } from '../encode-picture.ts'

/** A viewer waits for the first picture of a transcode. */
const slowMs = 5000

export const encoderCheck = defineCheck({
  name: 'encoder',
  group: 'machine',
  title: 'Encoder',
  about: 'Which encoder is here, and that it encodes a picture of the sample, in a process of its own',
  where: 'either',
  needs: [],
  deadlineS: 20,
  onlyAsked: true,
  troubles: {
    none: {
      cause:
        'Neither node-av nor an ffmpeg with libopus and a video encoder is installed: content that viewers cannot take as it is will be refused.',
      fix: 'Run npm install node-av, or put ffmpeg on the PATH (`apt install ffmpeg`), and restart the server.',
    },
    broken: {
      cause: 'The encoder is installed and does not run here: a library is missing, or it is of another platform.',
      fix: 'Install it anew: npm uninstall node-av; npm install node-av, or another ffmpeg; see what `ffmpeg -encoders` says.',
    },
    slow: {
      cause:
        'The machine is busy or weak: a viewer of content that must be transcoded waits long for the first picture.',
      fix: 'Serve content in H.264 or VP8 with Opus, which is sent as it is, or give the machine more cores.',
    },
  },
  async run({ inside, clock, signal }) {
    const name = inside?.encoder ?? (await detectEncoder())
    if (name === 'none') return { status: 'warn', detail: 'there is none', trouble: 'none', values: { encoder: name } }
    const beganMs = clock.now()
    const made = await encodeOnePicture(name, signal)
    const elapsedMs = clock.now() - beganMs
    const values = { encoder: made.encoder ?? name, firstPictureMs: elapsedMs }
    if (made.error !== undefined)
      return { status: 'fail', detail: `${name}: ${made.error}`.slice(0, 300), trouble: 'broken', values }
    const detail = `${made.encoder} encodes ${made.codec}, a picture in ${Math.round(elapsedMs)} ms`
    return elapsedMs > slowMs ? { status: 'warn', detail, trouble: 'slow', values } : { status: 'pass', detail, values }
  },
})
