// Writes what arrived to a WebM or MP4 file, as it arrived: no frame is decoded.
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  FilePathTarget,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { clockRateOf, type MediaKind, type RtpCodec } from '../model/track.ts'
import type { AssembledFrame } from './frame-assembler.ts'
import { rtpDistance } from './playback-position.ts'

/** Frames that may wait for the disk; beyond that video is left out up to its next key frame. */
const maxWaiting = 600

export interface RecorderTracks {
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
  /** Takes a frame; video before its first key frame is left out. */
  add(frame: AssembledFrame): void
  /** Completes the file. Throws DISK_FULL and what else went wrong while writing. */
  finish(): Promise<Recording>
}

const containers: Readonly<
  Record<string, { format: () => WebMOutputFormat | Mp4OutputFormat; codecs: readonly RtpCodec[] }>
> = {
  '.webm': { format: () => new WebMOutputFormat(), codecs: ['vp8', 'vp9', 'av1', 'opus'] },
  '.mp4': { format: () => new Mp4OutputFormat({ fastStart: false }), codecs: ['h264', 'vp9', 'av1', 'opus'] },
}

function containerOf(path: string) {
  const found = Object.entries(containers).find(([ending]) => path.toLowerCase().endsWith(ending))
  if (!found)
    throw new McpxError('INVALID_OPTION', `--output: ${path} ends in neither ${Object.keys(containers).join(' nor ')}`)
  return found[1]
}

/** Throws INVALID_OPTION where the name says no container that can be written. */
export function checkRecordingPath(path: string): void {
  containerOf(path)
}

/** Opens the file. Throws CODEC_UNSUPPORTED where the container cannot hold a codec. */
export async function createRecorder(path: string, tracks: RecorderTracks, clock: Clock): Promise<Recorder> {
  const container = containerOf(path)
  for (const track of [tracks.video, tracks.audio]) {
    if (!track || container.codecs.includes(track.codec)) continue
    const hint = 'Record to a file that ends in .mp4 (H.264) or .webm (VP8).'
    throw new McpxError('CODEC_UNSUPPORTED', `${path} cannot hold ${track.codec}`, { hint })
  }
  const output = new Output({ format: container.format(), target: new FilePathTarget(path) })
  const sinks: Partial<Record<MediaKind, Sink>> = {}
  if (tracks.video) sinks.video = videoSink(output, tracks.video)
  if (tracks.audio) sinks.audio = audioSink(output, tracks.audio)
  await output.start()

  const timeline = createTimeline(clock)
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

  return {
    add(frame) {
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
      const timeS = timeline(frame)
      write(sink, new EncodedPacket(frame.data, frame.isKey ? 'key' : 'delta', timeS, 0))
    },
    async finish() {
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

/** WebCodecs codec strings that say as little as possible: the bit stream itself says the rest. */
const videoCodecs = {
  vp8: ['vp8', 'vp8'],
  vp9: ['vp9', 'vp09.00.10.08'],
  av1: ['av1', 'av01.0.04M.08'],
  h264: ['avc', 'avc1.42e01f'],
} as const

function videoSink(output: Output, { codec, width, height }: NonNullable<RecorderTracks['video']>): Sink {
  if (codec === 'opus') throw new McpxError('INTERNAL', 'opus is no video codec')
  const [name, codecString] = videoCodecs[codec]
  const source = new EncodedVideoPacketSource(name)
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

/**
 * Seconds from the first frame of all. Each track runs on its own RTP clock; the first frame of the second track is placed by
 * when it arrived, since both are sent at the instant they are to be played. Never goes back within a track.
 */
function createTimeline(clock: Clock): (frame: AssembledFrame) => number {
  const tracks: Partial<Record<MediaKind, { first: number; offsetS: number; lastS: number }>> = {}
  let startedAtMs: number | undefined
  return ({ kind, timestamp }) => {
    startedAtMs ??= clock.now()
    tracks[kind] ??= { first: timestamp, offsetS: (clock.now() - startedAtMs) / 1000, lastS: 0 }
    const track = tracks[kind]
    const timeS = track.offsetS + rtpDistance(timestamp, track.first) / clockRateOf(kind)
    track.lastS = Math.max(track.lastS, timeS)
    return track.lastS
  }
}
