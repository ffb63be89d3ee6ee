// What a container says of a track, in our words.
import type { InputAudioTrack, InputTrack, InputVideoTrack } from 'mediabunny'
import { codecs } from '../codec/index.ts'
import { type Track, unknownCodec } from '../model/track.ts'
import { inspectVideo } from './reorder.ts'

/** Reads the description of a track and looks at its first frames. */
export function describeTrack(source: InputVideoTrack | InputAudioTrack): Promise<Track> {
  return source.isVideoTrack() ? describeVideo(source) : describeAudio(source as InputAudioTrack)
}

const nameInFiles = new Map<string, string>(
  Object.values(codecs).map(({ containerName, name }) => [containerName, name]),
)

/** RTP's and FFmpeg's name where mediabunny has another. */
const shortName = (codec: string | null): string => nameInFiles.get(codec ?? '') ?? codec ?? unknownCodec

/** The container's own word for a codec that has no name here, for the error that somebody reads. */
async function ownWord(source: InputTrack): Promise<string> {
  const id = await source.getInternalCodecId()
  return typeof id === 'string' ? id.slice(0, 64) : unknownCodec
}

async function describeVideo(source: InputVideoTrack): Promise<Track> {
  const [config, common] = [await source.getDecoderConfig(), await describeCommon(source)]
  const { reordered, frameRate } = await inspectVideo(source, common.codec)
  return {
    ...common,
    kind: 'video',
    ...descriptionOf(config),
    width: await source.getCodedWidth(),
    height: await source.getCodedHeight(),
    ...(await describeDisplay(source)),
    rotation: await source.getRotation(),
    ...(frameRate !== undefined && { frameRate }),
    reordered,
  }
}

/** Nothing where pixels are square, or the container says what cannot be. */
async function describeDisplay(source: InputVideoTrack): Promise<Pick<Track, 'displayWidth' | 'displayHeight'>> {
  const [displayWidth, displayHeight] = [await source.getSquarePixelWidth(), await source.getSquarePixelHeight()]
  if (!(displayWidth > 0 && displayHeight > 0 && displayWidth + displayHeight < Number.POSITIVE_INFINITY)) return {}
  const isSquare = displayWidth === (await source.getCodedWidth()) && displayHeight === (await source.getCodedHeight())
  return isSquare ? {} : { displayWidth, displayHeight }
}

async function describeAudio(source: InputAudioTrack): Promise<Track> {
  const config = await source.getDecoderConfig()
  return {
    ...(await describeCommon(source)),
    kind: 'audio',
    ...descriptionOf(config),
    sampleRate: await source.getSampleRate(),
    channels: await source.getNumberOfChannels(),
  }
}

async function describeCommon(source: InputTrack) {
  const codec = shortName(await source.getCodec())
  const language = await source.getLanguageCode()
  const bitrateBps = (await source.getAverageBitrate()) ?? (await source.getBitrate()) ?? undefined
  return {
    id: source.id,
    codec,
    codecString: (await source.getCodecParameterString()) ?? (codec === unknownCodec ? await ownWord(source) : codec),
    ...(language !== 'und' && { language }),
    ...(bitrateBps !== undefined && bitrateBps > 0 && { bitrateBps }),
  }
}

/** The decoder configuration in bytes of its own. */
function descriptionOf(config: { description?: ArrayBuffer | ArrayBufferView } | null): { description?: Uint8Array } {
  const description = config?.description
  if (!description) return {}
  const view = ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description)
  return { description: view.slice() }
}
