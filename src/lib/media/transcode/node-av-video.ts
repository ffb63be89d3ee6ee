// Video: decode, scale and turn, encode. Forced key frames at the grid, presentation order, no frame waits in the encoder.
import type { Frame as AvFrame, CodecContext, FilterContext, FilterGraph } from 'node-av/lib'
import { McpxError } from '../../base/errors.ts'
import type { Frame, Gop } from '../../model/frame.ts'
import type { EncodeRequest, VideoRecipe } from './encoder.ts'
import { createFrameGrid, type Pick } from './grid.ts'
import { createDecoder, ticksPerS } from './node-av-decoder.ts'
import { check, type NodeAv, openWith } from './node-av-library.ts'

interface Run {
  readonly signal: AbortSignal
  readonly breathe: () => Promise<void>
}

export async function* encodeVideo(
  av: NodeAv,
  request: EncodeRequest<VideoRecipe>,
  source: AsyncIterable<Gop>,
  { signal, breathe }: Run,
): AsyncGenerator<Frame> {
  const { track, recipe, segmentS, from } = request
  const grid = createFrameGrid({ segmentS, from, frameRate: recipe.frameRate, sourceFrameRate: track.frameRate })
  const decoder = createDecoder(av, track)
  const scaler = createScaler(av, recipe)
  const encoder = createEncoder(av, recipe)
  const previous = new av.lib.Frame()
  previous.alloc()
  let endS = 0

  function* encodePicks(picks: Iterable<Pick>, current: AvFrame): Generator<Frame> {
    for (const pick of picks) {
      const picture = scaler.scale(pick.which === 'current' ? current : previous)
      if (picture) yield* encoder.encode(picture, pick)
    }
  }

  function* take(pictures: Iterable<AvFrame>): Generator<Frame> {
    for (const picture of pictures) {
      if (picture.pts >= -(10n ** 15n)) {
        yield* encodePicks(grid.picks(Number(picture.pts) / ticksPerS), picture)
        previous.unref()
        previous.ref(picture)
      }
    }
  }

  // Non-reference pictures this far before the first segment are never shown, nor repeated.
  const runUpEndS = from * segmentS - 0.5
  let skipping = false
  try {
    for await (const gop of source) {
      for (const frame of gop.frames) {
        signal.throwIfAborted()
        endS = Math.max(endS, frame.timeS + frame.durationS)
        if (frame.timeS < runUpEndS !== skipping) {
          skipping = !skipping
          decoder.skipUnreferenced(skipping)
        }
        yield* take(decoder.decode(frame))
        await breathe()
      }
    }
    yield* take(decoder.flush())
    yield* encodePicks(grid.rest(endS), previous)
    yield* encoder.flush()
    if (decoder.sentCount > 0 && decoder.decodedCount === 0)
      throw new McpxError('MEDIA_CORRUPT', `nothing of the ${track.codec} video could be decoded`)
  } finally {
    previous.free()
    encoder.close()
    scaler.close()
    decoder.close()
  }
}

const turns = { 0: '', 90: ',transpose=clock', 180: ',hflip,vflip', 270: ',transpose=cclock' } as const

/** Pictures to the size, turn and pixel format of the recipe. The graph is built anew when the source changes its form. */
function createScaler(av: NodeAv, recipe: VideoRecipe) {
  const { lib, constants } = av
  const isTurned = recipe.rotate === 90 || recipe.rotate === 270
  const [width, height] = isTurned ? [recipe.height, recipe.width] : [recipe.width, recipe.height]
  const output = new lib.Frame()
  output.alloc()
  let form = ''
  let graph: { all: FilterGraph; input: FilterContext; output: FilterContext } | undefined

  function build(args: string) {
    const all = new lib.FilterGraph()
    all.alloc()
    all.nbThreads = 1
    const create = (name: Parameters<typeof lib.Filter.getByName>[0], label: string, settings?: string) => {
      const filter = lib.Filter.getByName(name)
      const made = filter && all.createFilter(filter, label, settings ?? null)
      if (!made)
        throw new McpxError('CODEC_UNSUPPORTED', `cannot set up the filter ${name} with ${settings ?? 'nothing'}`)
      return made
    }
    const input = create('buffer', 'in', args)
    const steps = `scale=${width}:${height}:flags=bilinear:out_range=tv${turns[recipe.rotate]},format=yuv420p,setsar=1`
    let last = input
    steps.split(',').forEach((step, at) => {
      const [name, ...settings] = step.split('=')
      const next = create(name!, `step${at}`, settings.join('=') || undefined)
      check(av, last.link(0, next, 0), `link ${name}`)
      last = next
    })
    const sink = create('buffersink', 'out')
    check(av, last.link(0, sink, 0), 'link out')
    check(av, all.configSync(), 'filter graph')
    return { all, input, output: sink }
  }

  return {
    /** Valid until the next call; undefined when the picture has a form that cannot be scaled. */
    scale(picture: AvFrame): AvFrame | undefined {
      if (picture.width <= 0 || picture.height <= 0) return undefined
      const now =
        `video_size=${picture.width}x${picture.height}:pix_fmt=${picture.format}:time_base=1/${ticksPerS}` +
        `:colorspace=${picture.colorSpace}:range=${picture.colorRange}`
      if (now !== form) {
        graph?.all.free()
        graph = build(now)
        form = now
      }
      output.unref()
      if (graph!.input.buffersrcAddFrameSync(picture, constants.AV_BUFFERSRC_FLAG_KEEP_REF) < 0) return undefined
      return graph!.output.buffersinkGetFrameSync(output) < 0 ? undefined : output
    },
    close() {
      graph?.all.free()
      output.free()
    },
  }
}

function createEncoder(av: NodeAv, recipe: VideoRecipe) {
  const { lib, constants } = av
  const context = openEncoder(av, recipe)
  const packet = new lib.Packet()
  packet.alloc()
  const tickS = 1 / recipe.frameRate

  function* receive(): Generator<Frame> {
    while (context.receivePacketSync(packet) >= 0) {
      const data = packet.data
      if (data) {
        const copy = Uint8Array.from(data)
        yield { timeS: Number(packet.pts) / ticksPerS, durationS: tickS, isKey: packet.isKeyframe, data: copy }
      }
      packet.unref()
    }
  }

  return {
    *encode(picture: AvFrame, { timeS, isKey }: Pick): Generator<Frame> {
      picture.pts = BigInt(Math.round(timeS * ticksPerS))
      picture.duration = BigInt(Math.round(tickS * ticksPerS))
      picture.pictType = isKey ? constants.AV_PICTURE_TYPE_I : constants.AV_PICTURE_TYPE_NONE
      check(av, context.sendFrameSync(picture), `encode ${recipe.codec}`)
      yield* receive()
    },
    *flush(): Generator<Frame> {
      context.sendFrameSync(null)
      yield* receive()
    },
    close() {
      packet.free()
      context.freeContext()
    },
  }
}

function openEncoder(av: NodeAv, recipe: VideoRecipe): CodecContext {
  const { lib, constants } = av
  const name = { vp8: 'libvpx', vp9: 'libvpx-vp9', h264: 'libx264' }[recipe.codec]
  const codec = lib.Codec.findEncoderByName(name as Parameters<typeof lib.Codec.findEncoderByName>[0])
  if (!codec) throw new McpxError('CODEC_UNSUPPORTED', `this FFmpeg has no encoder ${name}`)
  const context = new lib.CodecContext()
  context.allocContext3(codec)
  context.width = recipe.width
  context.height = recipe.height
  context.pixelFormat = constants.AV_PIX_FMT_YUV420P
  context.timeBase = new lib.Rational(1, ticksPerS)
  // Without it the rate control takes a tick for a frame.
  context.framerate = new lib.Rational(Math.round(recipe.frameRate * 1000), 1000)
  context.threadCount = 1
  context.gopSize = 100_000
  context.maxBFrames = 0
  context.rcMaxRate = BigInt(recipe.bitrateBps)
  context.rcBufferSize = recipe.bitrateBps
  // Capped quality: easy pictures take less than the rung allows.
  if (recipe.codec !== 'h264') context.bitRate = BigInt(recipe.bitrateBps)
  if (openWith(context, codec, encoderOptions[recipe.codec]) >= 0) return context
  context.freeContext()
  throw new McpxError(
    'CODEC_UNSUPPORTED',
    `${name} refuses ${recipe.width}x${recipe.height} at ${recipe.frameRate} fps`,
  )
}

const vpxOptions = { deadline: 'realtime', 'lag-in-frames': '0', 'auto-alt-ref': '0', 'error-resilient': '0' }

/** For VP8 a negative cpu-used is a fixed speed; a positive one measures itself and burns its share of the frame time. */
const encoderOptions: Readonly<Record<VideoRecipe['codec'], Record<string, string>>> = {
  vp8: { ...vpxOptions, 'cpu-used': '-8', crf: '18' },
  vp9: { ...vpxOptions, 'cpu-used': '8', crf: '32', 'row-mt': '0' },
  h264: {
    preset: 'ultrafast',
    tune: 'zerolatency',
    profile: 'baseline',
    crf: '23',
    'forced-idr': '1',
    'x264-params': 'scenecut=0:keyint=infinite:repeat-headers=1:annexb=1:sliced-threads=0',
  },
}
