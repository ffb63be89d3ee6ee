// The encoder beside the process: an ffmpeg on the PATH, fed and read through its pipes. For where node-av has no binary.
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { McpxError } from '../../base/errors.ts'
import type { Frame, Gop } from '../../model/frame.ts'
import {
  type AudioRecipe,
  type EncodeRequest,
  type Encoder,
  opusFrameSamples,
  opusLookahead,
  prerollS,
  type VideoRecipe,
} from './encoder.ts'
import { type FfmpegBounds, type FfmpegWatch, watchFfmpeg } from './ffmpeg-watch.ts'
import { createMatroskaReader } from './matroska-reader.ts'
import { createMatroskaWriter, requireMatroskaName } from './matroska-writer.ts'

/** Added to every time on the way in and taken off on the way out: sound may begin before 0, which Matroska cannot say. */
const shiftS = 10
/** A source that jumps further ahead than this is taken to end there: ffmpeg would fill the gap in memory. */
const maxGapS = 600
const maxErrorChars = 4096

/** Whether there is an ffmpeg with libopus and a video encoder. Never rejects. */
export async function isFfmpegUsable(path = 'ffmpeg'): Promise<boolean> {
  const args = ['-hide_banner', '-loglevel', 'error', '-encoders']
  const found = await promisify(execFile)(path, args, { timeout: 5000, maxBuffer: 2 ** 20 }).catch(() => undefined)
  return found !== undefined && /\blibopus\b/.test(found.stdout) && /\b(libvpx|libx264)\b/.test(found.stdout)
}

/**
 * The contract of Encoder with two differences: video comes at a constant whole number of frames a second (repeated or left
 * out where the source differs), and a child process lives for as long as an iteration.
 */
export function createFfmpegEncoder(options: FfmpegOptions = {}): Encoder {
  const program: Program = { path: options.path ?? 'ffmpeg', bounds: options }
  const isVideo = (request: EncodeRequest): request is EncodeRequest<VideoRecipe> => request.recipe.kind === 'video'
  return {
    name: 'ffmpeg',
    encode(request, source, signal) {
      if (isVideo(request)) return encodeVideo(program, request, source, signal)
      return encodeAudio(program, { ...request, recipe: request.recipe as AudioRecipe }, source, signal)
    },
  }
}

export interface FfmpegOptions extends FfmpegBounds {
  readonly path?: string
}

interface Program {
  readonly path: string
  readonly bounds: FfmpegBounds
}

const turns = { 0: '', 90: ',transpose=clock', 180: ',hflip,vflip', 270: ',transpose=cclock' } as const
const vpx = ['-deadline', 'realtime', '-lag-in-frames', '0', '-auto-alt-ref', '0']
const codecArgs: Readonly<Record<VideoRecipe['codec'], readonly string[]>> = {
  vp8: ['-c:v', 'libvpx', ...vpx, '-cpu-used', '-8', '-crf', '18'],
  vp9: ['-c:v', 'libvpx-vp9', ...vpx, '-cpu-used', '8', '-crf', '32'],
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-crf', '23']
    .concat(['-forced-idr', '1', '-x264-params'])
    .concat(['scenecut=0:keyint=infinite:repeat-headers=1:sliced-threads=0']),
}

async function* encodeVideo(
  program: Program,
  { track, recipe, segmentS, from }: EncodeRequest<VideoRecipe>,
  source: AsyncIterable<Gop>,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  const rate = Math.max(1, Math.round(recipe.frameRate))
  const startS = from * segmentS + shiftS
  const isTurned = recipe.rotate === 90 || recipe.rotate === 270
  const [width, height] = isTurned ? [recipe.height, recipe.width] : [recipe.width, recipe.height]
  const bitrate = String(recipe.bitrateBps)
  const args = [
    ...['-an', '-vf'],
    `fps=fps=${rate}:start_time=${startS},scale=${width}:${height}:flags=bilinear${turns[recipe.rotate]},format=yuv420p`,
    ...codecArgs[recipe.codec],
    ...(recipe.codec === 'h264' ? [] : ['-b:v', bitrate]),
    ...['-maxrate', bitrate, '-bufsize', bitrate, '-g', '100000', '-threads', '1'],
    // The t of this expression counts from the first frame.
    ...['-force_key_frames', `expr:gte(t+${0.5 / rate},n_forced*${segmentS})`],
  ]
  for await (const { timeS, isKey, data } of pipe(program, { track, args, source, signal })) {
    if (recipe.codec === 'h264') toAnnexB(data)
    // Matroska rounds to 1 ms, the frames stand at exact multiples.
    const exactS = Math.round((timeS - startS) * rate) / rate + from * segmentS
    if (exactS >= from * segmentS) yield { timeS: exactS, durationS: 1 / rate, isKey, data }
  }
}

/** Length prefixes of four bytes become start codes of four bytes. */
function toAnnexB(data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  for (let at = 0; at + 4 <= data.byteLength; ) {
    const length = view.getUint32(at)
    view.setUint32(at, 1)
    at += 4 + length
  }
}

async function* encodeAudio(
  program: Program,
  { track, recipe, segmentS, from }: EncodeRequest<AudioRecipe>,
  source: AsyncIterable<Gop>,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  const firstS = from * segmentS
  // aresample counts `first_pts` in samples of its input, so it is brought to 48 kHz before.
  const first = Math.round((firstS - prerollS + shiftS) * 48_000) + opusLookahead
  const args = [
    ...['-vn', '-af', `aresample=48000,aresample=48000:async=1:min_hard_comp=0.02:first_pts=${first}`],
    ...['-ac', String(recipe.channels), '-c:a', 'libopus', '-b:a', String(recipe.bitrateBps), '-vbr', 'on'],
    ...['-application', 'audio', '-frame_duration', '20', '-compression_level', '5'],
  ]
  const frameS = opusFrameSamples / 48_000
  let position = -Math.round(prerollS / frameS)
  for await (const { data } of pipe(program, { track, args, source, signal })) {
    if (position >= 0) yield { timeS: firstS + position * frameS, durationS: frameS, isKey: true, data }
    position++
  }
}

interface PipeOptions {
  readonly track: EncodeRequest['track']
  readonly args: readonly string[]
  readonly source: AsyncIterable<Gop>
  readonly signal: AbortSignal
}

/** The blocks that one ffmpeg makes of a source. It is killed when the iteration ends before it does. */
async function* pipe({ path, bounds }: Program, { track, args, source, signal }: PipeOptions) {
  requireMatroskaName(track)
  signal.throwIfAborted()
  const before = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-threads', '1', '-copyts', '-analyzeduration', '0']
  const input = ['-probesize', '1000000', '-f', 'matroska', '-i', 'pipe:0', '-filter_threads', '1']
  const output = ['-avoid_negative_ts', 'disabled', '-flush_packets', '1', '-live', '1', '-f', 'matroska', 'pipe:1']
  const child = spawn(path, [...before, ...input, ...args, ...output], { stdio: 'pipe' })
  await once(child, 'spawn').catch((cause: Error) => {
    throw new McpxError('ENCODER_MISSING', `ffmpeg does not start: ${cause.message}`, { cause })
  })
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill, { once: true })
  const watch = watchFfmpeg(child.pid!, bounds, kill)
  const ended = exitOf(child)
  const fed = feed(child, watch, { track, source, signal })
  const reader = createMatroskaReader()
  let count = 0
  try {
    for await (const bytes of watch.read(child.stdout as AsyncIterable<Buffer>)) {
      for (const block of reader.push(bytes)) {
        count++
        yield block
      }
    }
    signal.throwIfAborted()
    await fed
    const { code, errors, crash } = await ended
    if (watch.failure ?? crash) throw watch.failure ?? crash
    if (count === 0 && code !== 0) throw failureOf(track.codec, errors)
  } finally {
    signal.removeEventListener('abort', kill)
    watch.stop()
    kill()
    await Promise.allSettled([fed, ended])
  }
}

/** Writes the source into ffmpeg as fast as that takes it. Ends quietly when ffmpeg is gone: its exit says why. */
async function feed(
  child: ChildProcessWithoutNullStreams,
  watch: FfmpegWatch,
  { track, source, signal }: Omit<PipeOptions, 'args'>,
): Promise<void> {
  const { stdin } = child
  const gone = new AbortController()
  stdin.on('error', () => gone.abort())
  child.on('exit', () => gone.abort())
  const isOver = () => gone.signal.aborted || signal.aborted
  const writer = await createMatroskaWriter(track, async (bytes) => {
    if (isOver() || stdin.write(bytes)) return
    await watch.until(once(stdin, 'drain', { signal: gone.signal }).catch(() => undefined))
  })
  try {
    for await (const { frame, timeS } of feedable(source)) {
      if (isOver()) return
      await writer.add(frame, timeS)
    }
    await writer.end()
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    stdin.end()
    void watch.until(once(child, 'exit').catch(() => undefined))
  }
}

/** The frames that ffmpeg is given, at the times that it is given, up to a jump over which it would not come. */
async function* feedable(source: AsyncIterable<Gop>): AsyncGenerator<{ frame: Frame; timeS: number }> {
  let lastS = Number.NaN
  for await (const gop of source) {
    for (const frame of gop.frames) {
      if (Math.abs(frame.timeS - lastS) > maxGapS) return
      lastS = frame.timeS
      if (frame.data.byteLength > 0 && frame.timeS > -shiftS) yield { frame, timeS: frame.timeS + shiftS }
    }
  }
}

interface Exit {
  readonly code: number
  readonly errors: string
  /** Ended by a signal, or by Windows: not of its own will. */
  readonly crash?: McpxError
}

function exitOf(child: ChildProcessWithoutNullStreams): Promise<Exit> {
  let errors = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (chunk: string) => {
    errors = (errors + chunk).slice(0, maxErrorChars)
  })
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: -1, errors: error.message }))
    child.on('close', (code, signal) => {
      const exit = { code: code ?? -1, errors }
      const how = signal ? `signal ${signal}` : `exit code ${code}`
      const isCrash = signal !== null || exit.code > 0xff
      resolve(isCrash ? { ...exit, crash: new McpxError('TRANSCODE_FAILED', `transcoding crashed (${how})`) } : exit)
    })
  })
}

function failureOf(codec: string, errors: string): McpxError {
  if (/decoder .*not found|unknown decoder|unknown encoder|not currently supported|unsupported codec/i.test(errors))
    return new McpxError('CODEC_UNSUPPORTED', `ffmpeg cannot decode ${codec}`)
  return new McpxError('MEDIA_CORRUPT', `nothing of the ${codec} track could be decoded`)
}
