// Audio: decode, resample to 48 kHz on the media's own time, encode Opus on a grid of 960 samples.
import type { Frame as AvFrame, FilterContext, FilterGraph } from 'node-av/lib'
import { McpxError } from '../../base/errors.ts'
import type { Frame, Gop } from '../../model/frame.ts'
import { type AudioRecipe, type EncodeRequest, opusFrameSamples, opusLookahead, prerollS } from './encoder.ts'
import { createDecoder, ticksPerS } from './node-av-decoder.ts'
import { check, type NodeAv, openWith } from './node-av-library.ts'

const rate = 48_000
/** Up to here a gap is filled by the resampler; a longer one here, bit by bit, so that a wild timestamp costs no memory. */
const longGapS = 1

interface Run {
  readonly signal: AbortSignal
  readonly breathe: () => Promise<void>
}

export async function* encodeAudio(
  av: NodeAv,
  request: EncodeRequest<AudioRecipe>,
  source: AsyncIterable<Gop>,
  { signal, breathe }: Run,
): AsyncGenerator<Frame> {
  const { track, recipe, segmentS, from } = request
  const decoder = createDecoder(av, track)
  const encoder = createEncoder(av, recipe)
  const firstS = from * segmentS
  // Position of the next 20 ms frame that goes into the encoder, in samples of media time.
  let position = Math.round((firstS - prerollS) * rate)
  let soundEndS = Number.POSITIVE_INFINITY
  let resampler: Resampler | undefined
  let form = ''

  function* emit(block: AvFrame | undefined): Generator<Frame> {
    const timeS = position / rate
    if (timeS > soundEndS - 1e-3) return
    position += opusFrameSamples
    for (const data of encoder.encode(block)) {
      if (timeS >= firstS - 1e-6) yield { timeS, durationS: opusFrameSamples / rate, isKey: true, data }
    }
  }

  function* finish(): Generator<Frame> {
    for (const block of resampler?.finish() ?? []) yield* emit(block)
    resampler?.close()
    resampler = undefined
  }

  function* take(decoded: Iterable<AvFrame>): Generator<Frame> {
    for (const samples of decoded) {
      const timeS = Number(samples.pts) / ticksPerS
      const endS = timeS + samples.nbSamples / Math.max(1, samples.sampleRate)
      if (!(timeS > -3600) || samples.sampleRate <= 0 || endS * rate <= position - rate) continue
      const now = formOf(samples)
      const expectedS = resampler?.fedUntilS ?? position / rate
      if (resampler && (now !== form || timeS - expectedS > longGapS)) yield* finish()
      while (!resampler && timeS * rate > position + longGapS * rate) yield* emit(undefined)
      form = now
      // In samples of the input, unlike what the manual of aresample says.
      const first = Math.round(((position + opusLookahead) / rate) * samples.sampleRate)
      resampler ??= createResampler(av, now, recipe.channels, first)
      for (const block of resampler.push(samples, endS)) yield* emit(block)
    }
  }

  try {
    for await (const gop of source) {
      for (const frame of gop.frames) {
        signal.throwIfAborted()
        yield* take(decoder.decode(frame))
        await breathe()
      }
    }
    yield* take(decoder.flush())
    // What only the padding of the last block fills is left out.
    soundEndS = resampler?.fedUntilS ?? soundEndS
    yield* finish()
    if (decoder.sentCount > 0 && decoder.decodedCount === 0)
      throw new McpxError('MEDIA_CORRUPT', `nothing of the ${track.codec} audio could be decoded`)
  } finally {
    resampler?.close()
    encoder.close()
    decoder.close()
  }
}

/** Arguments of `abuffer` for samples of this kind. */
function formOf(samples: AvFrame): string {
  const { nbChannels, mask } = samples.channelLayout
  const layout = mask > 0n ? `0x${mask.toString(16)}` : `${nbChannels}c`
  return (
    `time_base=1/${ticksPerS}:sample_rate=${samples.sampleRate}:sample_fmt=${samples.format}` +
    `:channel_layout=${layout}`
  )
}

type Resampler = ReturnType<typeof createResampler>

/**
 * Samples of any kind to blocks of 960 at 48 kHz, the first of which starts at sample `first` of media time (input rate). Gaps and overlaps
 * of more than 20 ms between timestamps and samples are filled with silence or cut; less is rounding of the container.
 */
function createResampler(av: NodeAv, form: string, channels: 1 | 2, first: number) {
  const { lib, constants } = av
  const all: FilterGraph = new lib.FilterGraph()
  all.alloc()
  all.nbThreads = 1
  const create = (name: string, settings: string | null): FilterContext => {
    const filter = lib.Filter.getByName(name as Parameters<typeof lib.Filter.getByName>[0])
    const made = filter && all.createFilter(filter, name, settings)
    if (!made)
      throw new McpxError('CODEC_UNSUPPORTED', `cannot set up the filter ${name} with ${settings ?? 'nothing'}`)
    return made
  }
  const input = create('abuffer', form)
  const layout = channels === 1 ? 'mono' : 'stereo'
  const resample = create('aresample', `${rate}:async=1:min_hard_comp=0.02:first_pts=${first}`)
  const format = create('aformat', `sample_fmts=s16:sample_rates=${rate}:channel_layouts=${layout}`)
  const blocks = create('asetnsamples', `n=${opusFrameSamples}:p=1`)
  const sink = create('abuffersink', null)
  const chain = [input, resample, format, blocks, sink]
  for (let i = 1; i < chain.length; i++) check(av, chain[i - 1]!.link(0, chain[i]!, 0), 'link audio filters')
  check(av, all.configSync(), 'audio filters')
  const block = new lib.Frame()
  block.alloc()
  let fedUntilS = 0

  function* receive(): Generator<AvFrame> {
    while (sink.buffersinkGetFrameSync(block) >= 0) {
      yield block
      block.unref()
    }
  }

  return {
    get fedUntilS() {
      return fedUntilS
    },
    *push(samples: AvFrame, endS: number): Generator<AvFrame> {
      fedUntilS = endS
      if (input.buffersrcAddFrameSync(samples, constants.AV_BUFFERSRC_FLAG_KEEP_REF) < 0) return
      yield* receive()
    },
    *finish(): Generator<AvFrame> {
      input.buffersrcAddFrameSync(null)
      yield* receive()
    },
    close() {
      block.free()
      all.free()
    },
  }
}

function createEncoder(av: NodeAv, recipe: AudioRecipe) {
  const { lib, constants } = av
  const codec = lib.Codec.findEncoderByName('libopus' as Parameters<typeof lib.Codec.findEncoderByName>[0])
  if (!codec) throw new McpxError('CODEC_UNSUPPORTED', 'this FFmpeg has no encoder libopus')
  const channelLayout = recipe.channels === 1 ? constants.AV_CHANNEL_LAYOUT_MONO : constants.AV_CHANNEL_LAYOUT_STEREO
  const context = new lib.CodecContext()
  context.allocContext3(codec)
  context.sampleRate = rate
  context.sampleFormat = constants.AV_SAMPLE_FMT_S16
  context.channelLayout = channelLayout
  context.timeBase = new lib.Rational(1, rate)
  context.bitRate = BigInt(recipe.bitrateBps)
  const options = { application: 'audio', frame_duration: '20', vbr: 'on', compression_level: '5' }
  if (openWith(context, codec, options) < 0) {
    context.freeContext()
    throw new McpxError('CODEC_UNSUPPORTED', `libopus refuses ${recipe.channels} channels at ${recipe.bitrateBps} bps`)
  }
  const silence = lib.Frame.fromAudioBuffer(Buffer.alloc(opusFrameSamples * recipe.channels * 2), {
    nbSamples: opusFrameSamples,
    format: constants.AV_SAMPLE_FMT_S16,
    sampleRate: rate,
    channelLayout,
  })
  const packet = new lib.Packet()
  packet.alloc()
  let fed = 0

  return {
    /** One block of 960 samples, or as much silence; one packet comes back. */
    *encode(block: AvFrame | undefined): Generator<Uint8Array> {
      const samples = block ?? silence
      samples.pts = BigInt(fed)
      fed += opusFrameSamples
      check(av, context.sendFrameSync(samples), 'encode Opus')
      while (context.receivePacketSync(packet) >= 0) {
        if (packet.data) yield Uint8Array.from(packet.data)
        packet.unref()
      }
    },
    close() {
      packet.free()
      silence.free()
      context.freeContext()
    },
  }
}
