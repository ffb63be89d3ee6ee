// The way into an ffmpeg: one track as a live Matroska stream, each frame written as it comes.
import {
  AppendOnlyStreamTarget,
  type AudioCodec,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  Output,
  type VideoCodec,
} from 'mediabunny'
import { McpxError } from '../../base/errors.ts'
import type { Frame } from '../../model/frame.ts'
import type { Track } from '../../model/track.ts'

export interface MatroskaWriter {
  /** `timeS` must not be negative. Waits while the other side takes nothing. */
  add(frame: Frame, timeS: number): Promise<void>
  /** Writes what is still held. */
  end(): Promise<void>
}

const mediabunnyName = (codec: string) => (codec === 'h264' ? 'avc' : codec)

/** Throws CODEC_UNSUPPORTED when Matroska has no name for the codec of a track. */
export function requireMatroskaName({ codec, codecString }: Track): void {
  const known: readonly string[] = new MkvOutputFormat().getSupportedCodecs()
  if (!known.includes(mediabunnyName(codec)))
    throw new McpxError('CODEC_UNSUPPORTED', `cannot hand ${codec} (${codecString}) to ffmpeg`)
}

/** `write` takes the bytes in order. Rejects with CODEC_UNSUPPORTED at the first frame when the track cannot be described. */
export async function createMatroskaWriter(
  track: Track,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<MatroskaWriter> {
  const target = new AppendOnlyStreamTarget(new WritableStream({ write }))
  const output = new Output({ format: new MkvOutputFormat({ appendOnly: true }), target })
  const put = addTrack(output, track)
  await output.start()
  let isFirst = true

  return {
    async add({ data, durationS }, timeS) {
      // What comes after the first is called delta whatever it is: ffmpeg decodes it all the same, and a key frame whose times go
      // back, as in damaged files, would be refused here.
      const packet = new EncodedPacket(data, isFirst ? 'key' : 'delta', timeS, durationS)
      await put(packet).catch((cause: Error) => {
        if (!isFirst) throw cause
        throw new McpxError('CODEC_UNSUPPORTED', `cannot hand ${track.codec} to ffmpeg: ${cause.message}`, { cause })
      })
      isFirst = false
    },
    end: () => (isFirst ? output.cancel() : output.finalize()),
  }
}

function addTrack(output: Output, track: Track): (packet: EncodedPacket) => Promise<void> {
  const { codec, codecString, description, width = 0, height = 0, sampleRate = 48_000, channels = 2 } = track
  const config = { codec: codecString, ...(description && { description }) }
  if (track.kind === 'video') {
    const source = new EncodedVideoPacketSource(mediabunnyName(codec) as VideoCodec)
    output.addVideoTrack(source)
    return (packet) => source.add(packet, { decoderConfig: { ...config, codedWidth: width, codedHeight: height } })
  }
  const source = new EncodedAudioPacketSource(codec as AudioCodec)
  output.addAudioTrack(source)
  return (packet) => source.add(packet, { decoderConfig: { ...config, sampleRate, numberOfChannels: channels } })
}
