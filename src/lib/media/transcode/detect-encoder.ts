// Which encoder there is on this machine. Looks, but loads nothing: node-av costs up to 0.5 s and 45 MB, and only a transcode
// worker needs it.
import { createRequire } from 'node:module'
import type { WorkerSettings } from '../../protocol/media-plane.ts'
import { isFfmpegUsable } from './ffmpeg-cli.ts'

/** What node-av's loader looks for beside it. */
const binaryNames = (platform: string, arch: string): string[] => {
  const ends = platform === 'win32' ? ['-msvc', '-mingw'] : ['']
  return ends.map((end) => `@seydx/node-av-${platform}-${arch}${end}/node-av.node`)
}

interface DetectOptions {
  /** A file from which packages are looked for. */
  readonly from?: string
  readonly ffmpegPath?: string
}

/**
 * node-av when it and its binary for this platform are installed, else an ffmpeg on the PATH with libopus and a video encoder,
 * else none. Never rejects.
 */
export async function detectEncoder(options: DetectOptions = {}): Promise<WorkerSettings['encoder']> {
  if (isNodeAvInstalled(options.from ?? import.meta.url)) return 'node-av'
  return (await isFfmpegUsable(options.ffmpegPath)) ? 'ffmpeg' : 'none'
}

function isNodeAvInstalled(from: string): boolean {
  const library = resolveFrom(from, 'node-av/lib')
  if (library === undefined) return false
  return binaryNames(process.platform, process.arch).some((name) => resolveFrom(library, name) !== undefined)
}

function resolveFrom(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name)
  } catch {
    return undefined
  }
}
