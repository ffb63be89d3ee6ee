// Compressed frames in, pictures or samples out, with FFmpeg's decoders.
import type { Frame as AvFrame, CodecContext } from 'node-av/lib'
import { McpxError } from '../../base/errors.ts'
import type { Frame } from '../../model/frame.ts'
import type { Track } from '../../model/track.ts'
import type { Constants, NodeAv } from './node-av-library.ts'

/** Our codec names that are not FFmpeg's own. Decoders by name, the first that is there. */
const decoderNames: Readonly<Record<string, readonly string[]>> = {
  avc: ['h264'],
  av1: ['libdav1d', 'av1'],
  vp9: ['vp9', 'libvpx-vp9'],
  mp3: ['mp3float', 'mp3'],
  mpeg2: ['mpeg2video'],
  mpeg1: ['mpeg1video'],
  'pcm-s8': ['pcm_s8'],
  'pcm-u8': ['pcm_u8'],
  ulaw: ['pcm_mulaw'],
  alaw: ['pcm_alaw'],
}

/** `pcm-s16` → pcm_s16le, `pcm-f32be` → pcm_f32be. */
function namesOf(codec: string): readonly string[] {
  const known = decoderNames[codec]
  if (known) return known
  const pcm = /^pcm-([suf]\d+)(be|le)?$/.exec(codec)
  return pcm ? [`pcm_${pcm[1]}${pcm[2] ?? 'le'}`] : [codec]
}

/** Whether FFmpeg here has a decoder for a track's codec. */
function findDecoder(av: NodeAv, codec: string) {
  for (const name of namesOf(codec)) {
    const found = av.lib.Codec.findDecoderByName(name as Parameters<typeof av.lib.Codec.findDecoderByName>[0])
    if (found) return found
  }
  return null
}

/** Ticks per second of the times that go through decoder and filters. */
export const ticksPerS = 90_000

interface Decoder {
  /** The decoded frames that `frame` brought out. Each is valid until the next is asked for. A frame that is damaged gives none. */
  decode(frame: Frame): Iterable<AvFrame>
  /** What is still inside, at the end. */
  flush(): Iterable<AvFrame>
  /** Decode only what others refer to: for the run-up to a seek target. */
  skipUnreferenced(skip: boolean): void
  readonly sentCount: number
  readonly decodedCount: number
  close(): void
}

/** Throws CODEC_UNSUPPORTED when there is no decoder, or it refuses the configuration. */
export function createDecoder(av: NodeAv, track: Track): Decoder {
  const { lib, constants } = av
  const codec = findDecoder(av, track.codec)
  if (!codec) throw new McpxError('CODEC_UNSUPPORTED', `no decoder for ${track.codec} (${track.codecString})`)
  const context = new lib.CodecContext()
  context.allocContext3(codec)
  configure(context, track, av)
  if (context.open2Sync(codec) < 0) {
    context.freeContext()
    throw new McpxError(
      'CODEC_UNSUPPORTED',
      `the ${track.codec} decoder refuses the configuration of track ${track.id}`,
    )
  }
  const packet = new lib.Packet()
  packet.alloc()
  const picture = new lib.Frame()
  picture.alloc()
  let sentCount = 0
  let decodedCount = 0

  function* receive(): Generator<AvFrame> {
    while (context.receiveFrameSync(picture) >= 0) {
      decodedCount++
      yield picture
      picture.unref()
    }
  }

  return {
    get sentCount() {
      return sentCount
    },
    get decodedCount() {
      return decodedCount
    },
    *decode(frame) {
      if (frame.data.byteLength === 0) return
      packet.unref()
      packet.data = Buffer.from(frame.data.buffer, frame.data.byteOffset, frame.data.byteLength)
      packet.pts = BigInt(Math.round(frame.timeS * ticksPerS))
      packet.duration = BigInt(Math.round(frame.durationS * ticksPerS))
      packet.isKeyframe = frame.isKey
      sentCount++
      if (context.sendPacketSync(packet) === constants.AVERROR_EAGAIN) {
        yield* receive()
        context.sendPacketSync(packet)
      }
      yield* receive()
    },
    *flush() {
      context.sendPacketSync(null)
      yield* receive()
    },
    skipUnreferenced(skip) {
      context.setOption('skip_frame', skip ? 'noref' : 'default')
    },
    close() {
      packet.free()
      picture.free()
      context.freeContext()
    },
  }
}

function configure(context: CodecContext, track: Track, { lib }: { lib: NodeAv['lib']; constants: Constants }): void {
  context.threadCount = 1
  context.pktTimebase = new lib.Rational(1, ticksPerS)
  if (track.description) context.extraData = Buffer.from(track.description)
  if (track.kind === 'video') {
    if (track.width) context.width = track.width
    if (track.height) context.height = track.height
    return
  }
  if (track.sampleRate) context.sampleRate = track.sampleRate
  if (track.channels) context.channels = track.channels
}
