// The encoder inside the process: FFmpeg through node-av, loaded when it is first needed (an optional dependency, GPL inside).
// Only the low-level synchronous calls: half the CPU of the asynchronous ones, and they belong into a worker thread anyway.
import { McpxError } from '../../base/errors.ts'
import type { EncodeRequest, Encoder, VideoRecipe } from './encoder.ts'
import { encodeAudio } from './node-av-audio.ts'
import { loadNodeAv, type NodeAv } from './node-av-library.ts'
import { encodeVideo } from './node-av-video.ts'

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
