// The encoder inside the process: FFmpeg through node-av, loaded when it is first needed (an optional dependency, GPL inside).
// Only the low-level synchronous calls: half the CPU of the asynchronous ones, and they belong into a worker thread anyway.
import type { Codec, CodecContext } from 'node-av/lib'
import { McpxError } from '../../base/errors.ts'
import type { EncodeRequest, Encoder, VideoRecipe } from './encoder.ts'
import { encodeAudio } from './node-av-audio.ts'
import { encodeVideo } from './node-av-video.ts'

type Lib = typeof import('node-av/lib')
export type Constants = typeof import('node-av/constants')

/** node-av's two halves: the wrapped FFmpeg, and its numbers. */
export interface NodeAv {
  readonly lib: Lib
  readonly constants: Constants
}

/** Rejects when node-av is not installed, or its binary does not load on this machine. */
export async function loadNodeAv(): Promise<NodeAv> {
  const [lib, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')])
  lib.Log.setLevel(constants.AV_LOG_QUIET)
  return { lib, constants }
}

interface NodeAvOptions {
  readonly load?: () => Promise<NodeAv>
  /** Awaited between pictures, so that the worker hears of a cancel and other jobs of it get their turn. */
  readonly breathe: () => Promise<void>
}

/** Rejects with ENCODER_MISSING. */
export async function createNodeAvEncoder(options: NodeAvOptions): Promise<Encoder> {
  const av = await (options.load ?? loadNodeAv)().catch((cause: unknown) => {
    throw new McpxError('ENCODER_MISSING', 'node-av does not load', { cause })
  })
  const isVideo = (request: EncodeRequest): request is EncodeRequest<VideoRecipe> => request.recipe.kind === 'video'
  return {
    name: 'node-av',
    encode(request, source, signal) {
      const { recipe } = request
      if (isVideo(request)) return encodeVideo(av, request, source, { ...options, signal })
      if (recipe.kind === 'audio') return encodeAudio(av, { ...request, recipe }, source, { ...options, signal })
      throw new McpxError('INTERNAL', `no recipe: ${JSON.stringify(recipe)}`)
    },
  }
}

/**
 * Opens an encoder with options; the result is FFmpeg's. The options are set one by one: a Dictionary given to open2 is freed
 * twice (node-av 6.1.1), which ends the process at the next garbage collection.
 */
export function openWith(context: CodecContext, codec: Codec, options: Readonly<Record<string, string>>): number {
  for (const [name, value] of Object.entries(options)) {
    const result = context.setOption(name, value)
    if (result < 0) return result
  }
  return context.open2Sync(codec)
}

/** Throws what FFmpeg returned, when that is an error. */
export function check(av: NodeAv, result: number, what: string): number {
  if (result >= 0) return result
  throw new McpxError('INTERNAL', `${what}: ${new av.lib.FFmpegError(result).message}`)
}
