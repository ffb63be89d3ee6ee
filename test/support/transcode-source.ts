// A media file as the MediaSource contract has it, straight from mediabunny: what a transcode job reads in tests.
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input, type InputTrack } from 'mediabunny'
import type { MediaSource, Rendition } from '../../src/lib/media/rendition.ts'
import type { Frame, Gop } from '../../src/lib/model/frame.ts'
import type { Track } from '../../src/lib/model/track.ts'

export async function openFile(path: string): Promise<MediaSource & { readonly openCount: () => number }> {
  const input = new Input({ source: new FilePathSource(path), formats: ALL_FORMATS })
  const zeroS = Math.max(0, await input.getFirstTimestamp())
  const durationS = (await input.computeDuration()) - zeroS
  const inputTracks = await input.getTracks()
  const tracks: Track[] = []
  for (const track of inputTracks) tracks.push(await describe(track))
  let open = 1
  return {
    container: 'file',
    durationS,
    tracks,
    rendition(id) {
      const at = tracks.findIndex((track) => track.id === id)
      return renditionOf(inputTracks[at]!, tracks[at]!, zeroS, durationS)
    },
    close() {
      open--
      input.dispose()
    },
    openCount: () => open,
  }
}

async function describe(track: InputTrack): Promise<Track> {
  const codec = (await track.getCodec()) ?? 'unknown'
  const base = { id: track.id, codec: codec === 'avc' ? 'h264' : codec }
  if (track.isVideoTrack()) {
    const config = await track.getDecoderConfig()
    const { averagePacketRate } = await track.computePacketStats(100)
    return {
      ...base,
      kind: 'video',
      codecString: config?.codec ?? codec,
      ...(config?.description && { description: bytesOf(config.description) }),
      width: await track.getCodedWidth(),
      height: await track.getCodedHeight(),
      rotation: await track.getRotation(),
      frameRate: averagePacketRate,
    }
  }
  if (!track.isAudioTrack()) throw new Error('neither video nor audio')
  const config = await track.getDecoderConfig()
  return {
    ...base,
    kind: 'audio',
    codecString: config?.codec ?? codec,
    ...(config?.description && { description: bytesOf(config.description) }),
    ...(config && { sampleRate: config.sampleRate, channels: config.numberOfChannels }),
  }
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source)
}

type AllowSharedBufferSource = ArrayBufferLike | ArrayBufferView

function renditionOf(input: InputTrack, track: Track, zeroS: number, durationS: number): Rendition {
  const sink = new EncodedPacketSink(input)
  const spanS = 1

  async function read(start: Awaited<ReturnType<typeof sink.getPacket>>): Promise<Gop> {
    const frames: Frame[] = []
    let packet = start
    while (packet) {
      const { timestamp, duration, data, type } = packet
      if (packet !== start && type === 'key' && (track.kind === 'video' || timestamp - start!.timestamp >= spanS)) break
      frames.push({ timeS: timestamp - zeroS, durationS: duration, isKey: type === 'key', data: Uint8Array.from(data) })
      packet = await sink.getNextPacket(packet)
    }
    const byteLength = frames.reduce((sum, frame) => sum + frame.data.byteLength, 0)
    const endS = packet ? packet.timestamp - zeroS : durationS
    return { startS: start ? start.timestamp - zeroS : 0, endS, frames, byteLength, continues: false, isLast: !packet }
  }

  return {
    id: `file#${track.id}`,
    track,
    durationS,
    async gopAt(timeS) {
      return read((await sink.getKeyPacket(zeroS + timeS)) ?? (await sink.getFirstPacket()))
    },
    async gopAfter(gop) {
      if (gop.isLast) return undefined
      return read(await sink.getKeyPacket(zeroS + gop.endS + 1e-4))
    },
    close() {},
  }
}
