// FFmpeg as node-av wraps it: loading it, and what every use of it needs.
import type { Codec, CodecContext } from 'node-av/lib'
import { McpxError } from '../../base/errors.ts'

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
