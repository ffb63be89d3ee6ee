// Writes what arrived to a WebM or MP4 file, as it arrived: no frame is decoded.
import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  FilePathTarget,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny'
import { McpxError } from '../base/errors.ts'
import { codecs } from '../codec/index.ts'
import type { MediaKind, RtpCodec } from '../model/track.ts'
import type { ReceivedFrame } from '../webrtc/frame-assembler.ts'
import { createRecordingTimeline, type SenderClock } from './recording-timeline.ts'

/** Frames that may wait for the disk; beyond that video is left out up to its next key frame. */
const maxWaiting = 600

interface RecorderTracks {
  readonly video?: { readonly codec: RtpCodec; readonly width: number; readonly height: number }
  readonly audio?: { readonly codec: 'opus'; readonly channels: number }
}

export interface Recording {
  readonly path: string
  readonly frames: number
  /** Frames that were left out because the disk was too slow. */
  readonly dropped: number
}

export interface Recorder {
  /** Takes a frame that arrived at `atMs`; video before its first key frame is left out. */
  add(frame: ReceivedFrame, atMs: number): void
  noteReport(report: SenderClock): void
  /** Completes the file. Throws DISK_FULL and what else went wrong while writing. */
  finish(): Promise<Recording>
}

const formats = {
  '.webm': () => new WebMOutputFormat(),
  '.mp4': () => new Mp4OutputFormat({ fastStart: false }),
} as const

function endingOf(path: string): keyof typeof formats {
  const endings = Object.keys(formats) as (keyof typeof formats)[]
  const found = endings.find((ending) => path.toLowerCase().endsWith(ending))
  if (!found) throw new McpxError('INVALID_OPTION', `--output: ${path} ends in neither ${endings.join(' nor ')}`)
  return found
}

/** What a file of this name can hold. Throws INVALID_OPTION where the name says no container. */
export function recordableCodecs(path: string): readonly RtpCodec[] {
  const ending = endingOf(path)
  return Object.values(codecs).flatMap(({ name, files }) => (files.includes(ending) ? [name] : []))
}

/** Throws INVALID_OPTION where the name says no container, or no file can be written there. */
export async function checkRecordingPath(path: string): Promise<void> {
  endingOf(path)
  const refuse = (reason: string): never => {
    throw new McpxError('INVALID_OPTION', `--output: ${path}: ${reason}`, { hint: 'Name a file that can be written.' })
  }
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) refuse('is a folder')
  await access(found ? path : dirname(resolve(path)), constants.W_OK).catch((error: NodeJS.ErrnoException) =>
    refuse(error.code === 'ENOENT' ? 'there is no such folder' : (error.code ?? error.message)),
  )
}

/** Opens the file. Throws CODEC_UNSUPPORTED where the container cannot hold a codec. */
export async function createRecorder(path: string, tracks: RecorderTracks): Promise<Recorder> {
  const format = formats[endingOf(path)]
  const recordable = recordableCodecs(path)
  for (const track of [tracks.video, tracks.audio]) {
    if (!track || recordable.includes(track.codec)) continue
    const hint = 'Record to a file that ends in .mp4 (H.264) or .webm (VP8).'
    throw new McpxError('CODEC_UNSUPPORTED', `${path} cannot hold ${track.codec}`, { hint })
  }
  const output = new Output({ format: format(), target: new FilePathTarget(path) })
  const sinks: Partial<Record<MediaKind, Sink>> = {}
  if (tracks.video) sinks.video = videoSink(output, tracks.video)
  if (tracks.audio) sinks.audio = audioSink(output, tracks.audio)
  await output.start()

  const kinds = (['video', 'audio'] as const).filter((kind) => sinks[kind])
  const timeline = createRecordingTimeline(kinds)
  /** Frames that wait until it is known how the tracks stand to each other. */
  let held: Held[] | undefined = []
  let tail: Promise<void> = Promise.resolve()
  let failure: unknown
  let waiting = 0
  let frames = 0
  let dropped = 0
  let needsKey = tracks.video !== undefined

  function write(sink: Sink, packet: EncodedPacket): void {
    waiting++
    tail = tail
      .then(() => (failure ? undefined : sink(packet)))
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => {
        waiting--
      })
  }

  function place({ frame, atMs }: Held): void {
    const timeS = timeline.placeS({ kind: frame.kind, timestamp: frame.timestamp, atMs })
    write(sinks[frame.kind]!, new EncodedPacket(frame.data, frame.isKey ? 'key' : 'delta', timeS, 0))
  }

  function releaseHeld(): void {
    if (!held) return
    const frames = held
    held = undefined
    const first = kinds
      .map((kind) => frames.find(({ frame }) => frame.kind === kind))
      .filter((one) => one !== undefined)
    if (first.length > 0)
      timeline.begin(first.map(({ frame, atMs }) => ({ kind: frame.kind, timestamp: frame.timestamp, atMs })))
    for (const one of frames) place(one)
  }

  return {
    noteReport: (report) => timeline.noteReport(report),
    add(frame, atMs) {
      const sink = sinks[frame.kind]
      if (!sink || failure) return
      if (frame.kind === 'video' && frame.isKey) needsKey = false
      if (needsKey) return
      if (waiting >= maxWaiting) {
        dropped++
        needsKey = tracks.video !== undefined
        return
      }
      frames++
      if (!held) return place({ frame, atMs })
      held.push({ frame, atMs })
      if (held.length >= maxWaiting || timeline.isReady(held[0]!.atMs, atMs)) releaseHeld()
    },
    async finish() {
      releaseHeld()
      await tail
      if (failure) {
        await output.cancel()
        throw failure
      }
      await output.finalize()
      return { path, frames, dropped }
    },
  }
}

type Sink = (packet: EncodedPacket) => Promise<void>
type Held = { readonly frame: ReceivedFrame; readonly atMs: number }

function videoSink(output: Output, { codec, width, height }: NonNullable<RecorderTracks['video']>): Sink {
  const { containerName, codecString } = codecs[codec]
  if (containerName === 'opus') throw new McpxError('INTERNAL', 'opus is not a video codec')
  const source = new EncodedVideoPacketSource(containerName)
  output.addVideoTrack(source)
  const config = { codec: codecString, codedWidth: width, codedHeight: height }
  return (packet) => source.add(packet, { decoderConfig: config })
}

function audioSink(output: Output, { channels }: NonNullable<RecorderTracks['audio']>): Sink {
  const source = new EncodedAudioPacketSource('opus')
  output.addAudioTrack(source)
  const config = { codec: 'opus', sampleRate: 48_000, numberOfChannels: channels }
  return (packet) => source.add(packet, { decoderConfig: config })
}
