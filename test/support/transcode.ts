// Runs transcode jobs over a real message channel, and looks at what came out by decoding it again.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { systemClock } from '../../src/lib/base/clock.ts'
import { openMedia } from '../../src/lib/media/open.ts'
import type { MediaSource } from '../../src/lib/media/rendition.ts'
import type { Encoder } from '../../src/lib/media/transcode/encoder.ts'
import { askJob, type JobPort, serveJob } from '../../src/lib/media/transcode/job-port.ts'
import { createNodeAvEncoder } from '../../src/lib/media/transcode/node-av.ts'
import { createDecoder } from '../../src/lib/media/transcode/node-av-decoder.ts'
import { loadNodeAv } from '../../src/lib/media/transcode/node-av-library.ts'
import { audioRecipe, videoRecipes } from '../../src/lib/media/transcode/recipe.ts'
import type { Segment } from '../../src/lib/media/transcode/run-job.ts'
import type { Frame, Gop } from '../../src/lib/model/frame.ts'
import type { Track } from '../../src/lib/model/track.ts'
import type { Recipe, TranscodeInput, TranscodeJob, TranscodeOutput } from '../../src/lib/protocol/media-plane.ts'
import { memoryFiles, newReadLog, type ReadLog } from './clips.ts'

export const nodeAv = () => createNodeAvEncoder({ breathe: () => setImmediate() })

/** The two ends of a job in one process. */
export function jobPorts(): {
  asker: JobPort<TranscodeInput, TranscodeOutput>
  maker: JobPort<TranscodeOutput, TranscodeInput>
} {
  const { port1, port2 } = new MessageChannel()
  return { asker: portOf(port1), maker: portOf(port2) }
}

const portOf = <Out, In>(port: MessagePort): JobPort<Out, In> => ({
  postMessage: (message, transfer) => port.postMessage(message, transfer),
  onMessage: (listener) => void port.on('message', listener),
  onClose: (listener) => void port.on('close', listener),
  close: () => port.close(),
})

/** Whether node-av is here, and an ffmpeg to make clips with; throws instead of saying no where MCPX_REQUIRE_PARTS is set. */
export async function hasParts(): Promise<boolean> {
  const isHere = {
    'node-av': await loads(loadNodeAv()),
    ffmpeg: await loads(promisify(execFile)('ffmpeg', ['-version'])),
  }
  const missing = Object.entries(isHere).flatMap(([name, here]) => (here ? [] : [name]))
  if (missing.length === 0) return true
  if (process.env.MCPX_REQUIRE_PARTS === '1') throw new Error(`missing: ${missing.join(', ')}`)
  console.warn(`skipped: ${missing.join(' and ')} not installed`)
  return false
}

const loads = (part: Promise<unknown>): Promise<boolean> =>
  part.then(
    () => true,
    () => false,
  )

/** A file as a transcode job reads it. `log` counts what is open of it. */
export const openFile = (path: string, log: ReadLog = newReadLog()): Promise<MediaSource> =>
  openMedia(memoryFiles({ [path]: new Uint8Array(readFileSync(path)) }, path, log), { clock: systemClock })

export async function trackOf(path: string, kind: Track['kind']): Promise<Track> {
  const source = await openFile(path)
  const track = source.tracks.find((one) => one.kind === kind)
  source.close()
  if (!track) throw new Error(`${path} has no ${kind}`)
  return track
}

export interface TranscodeOptions {
  readonly kind: Track['kind']
  readonly from?: number
  /** How many segments to take; all by default. */
  readonly count?: number
  readonly codec?: 'vp8' | 'vp9' | 'h264'
  readonly recipe?: Recipe
  readonly encoder?: Encoder
  /** Source frames to overwrite with noise. */
  readonly damage?: (frame: Frame) => boolean
  /** Says another codec than the source has. */
  readonly codecName?: string
}

/** Segments of a file, with the time it took to the first. */
export async function transcode(path: string, options: TranscodeOptions) {
  const { kind, from = 0, count = Number.POSITIVE_INFINITY, codec = 'vp8' } = options
  const track = await trackOf(path, kind)
  const frameRate = Math.min(30, track.frameRate ?? 30)
  const recipe =
    options.recipe ?? (kind === 'video' ? { ...videoRecipes(track, [codec]).at(-1)!, frameRate } : audioRecipe(track))
  const encoder = options.encoder ?? (await nodeAv())
  const job: TranscodeJob = {
    source: { id: path, entry: path, files: {} },
    trackId: track.id,
    recipe,
    segmentS: 1,
    from,
  }
  const { asker, maker } = jobPorts()
  const stop = new AbortController()
  const startMs = systemClock.now()
  const served = serveJob(maker, job, { openSource: () => openAltered(path, options), encoder })
  const asked = askJob(asker, stop.signal)
  const segments: Segment[] = []
  let firstMs = 0
  asked.grant(4)
  try {
    for await (const segment of asked.segments) {
      firstMs ||= systemClock.now() - startMs
      segments.push(segment)
      if (segments.length >= count) break
      asked.grant(1)
    }
  } finally {
    stop.abort()
    await served
  }
  return { segments, track, recipe, firstMs }
}

async function openAltered(path: string, { damage, codecName }: TranscodeOptions): Promise<MediaSource> {
  const source = await openFile(path)
  const alter = (gop: Gop): Gop => ({
    ...gop,
    frames: gop.frames.map((frame) => {
      return damage?.(frame) ? { ...frame, data: frame.data.map((byte, i) => (byte * 31 + i * 17) & 0xff) } : frame
    }),
  })
  return {
    ...source,
    rendition(id) {
      const rendition = source.rendition(id)
      return {
        ...rendition,
        track: codecName ? { ...rendition.track, codec: codecName } : rendition.track,
        gopAt: async (timeS, signal) => alter(await rendition.gopAt(timeS, signal)),
        async gopAfter(gop, signal) {
          const next = await rendition.gopAfter(gop, signal)
          return next && alter(next)
        },
      }
    },
  }
}

export function framesOf({ slab, frames }: Segment): Frame[] {
  return frames.map(({ timeS, durationS, isKey, offset, length }) => {
    return { timeS, durationS, isKey, data: slab.subarray(offset, offset + length) }
  })
}

export interface Picture {
  readonly timeS: number
  readonly width: number
  readonly height: number
  /** Mean brightness of the quarters: top left, top right, bottom left, bottom right. */
  readonly quarters: readonly [number, number, number, number]
}

/** Decodes video frames from nothing. */
export async function decodePictures(codec: string, frames: readonly Frame[]): Promise<Picture[]> {
  const av = await loadNodeAv()
  const decoder = createDecoder(av, { id: 1, kind: 'video', codec, codecString: codec })
  const pictures: Picture[] = []
  const take = (decoded: ReturnType<typeof decoder.decode>) => {
    for (const picture of decoded) {
      const { width, height } = picture
      const plane = picture.data![0]!
      const stride = picture.linesize[0]!
      const mean = (x0: number, y0: number) => {
        let sum = 0
        let count = 0
        for (let y = y0; y < y0 + height / 2 - 1; y += 4)
          for (let x = x0; x < x0 + width / 2 - 1; x += 4, count++) sum += plane[y * stride + x]!
        return sum / count
      }
      const [halfX, halfY] = [width >> 1, height >> 1]
      const quarters = [mean(0, 0), mean(halfX, 0), mean(0, halfY), mean(halfX, halfY)] as const
      pictures.push({ timeS: Number(picture.pts) / 90_000, width, height, quarters: [...quarters] })
    }
  }
  for (const frame of frames) take(decoder.decode(frame))
  take(decoder.flush())
  decoder.close()
  return pictures
}

/** Decodes Opus frames to mono samples at 48 kHz, as a browser would: every packet gives 960. */
export async function decodeOpus(frames: readonly Frame[]): Promise<Float32Array> {
  const av = await loadNodeAv()
  const decoder = createDecoder(av, {
    id: 1,
    kind: 'audio',
    codec: 'opus',
    codecString: 'opus',
    sampleRate: 48_000,
    channels: 2,
  })
  const samples = new Float32Array(frames.length * 960)
  let at = 0
  for (const frame of frames)
    for (const decoded of decoder.decode(frame)) {
      const plane = decoded.data![0]!
      const floats = new Float32Array(plane.buffer, plane.byteOffset, decoded.nbSamples)
      samples.set(floats, at)
      at += decoded.nbSamples
    }
  decoder.close()
  return samples.subarray(0, at)
}

/** When the picture turns white. */
export function flashTimes(pictures: readonly Picture[]): number[] {
  const isWhite = ({ quarters }: Picture) => Math.min(...quarters) > 180
  return pictures.filter((one, i) => isWhite(one) && (i === 0 || !isWhite(pictures[i - 1]!))).map(({ timeS }) => timeS)
}

/** When the sound starts after at least 200 ms of quiet, in seconds from the start of the first frame. */
export function beepTimes(samples: Float32Array): number[] {
  const times: number[] = []
  let quietFrom = -9600
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]!) < 0.15) continue
    if (i - quietFrom >= 9600) times.push(i / 48_000)
    quietFrom = i
  }
  return times
}
