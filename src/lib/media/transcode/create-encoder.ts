// The encoder of a name: what was found on the machine, or the other one when that does not load after all.
import { setImmediate } from 'node:timers/promises'
import { McpxError } from '../../base/errors.ts'
import type { WorkerSettings } from '../../protocol/media-plane.ts'
import type { Encoder } from './encoder.ts'
import { createFfmpegEncoder, isFfmpegUsable } from './ffmpeg-cli.ts'
import { createNodeAvEncoder } from './node-av.ts'
import { loadNodeAv, type NodeAv } from './node-av-library.ts'

interface EncoderParts {
  readonly loadNodeAv?: () => Promise<NodeAv>
  readonly ffmpegPath?: string
  /** Memory that an ffmpeg may take. */
  readonly maxRssBytes?: number
}

/** Loads what it needs. Rejects with ENCODER_MISSING. */
export async function createEncoder(name: WorkerSettings['encoder'], parts: EncoderParts = {}): Promise<Encoder> {
  const { loadNodeAv: load = loadNodeAv, ffmpegPath = 'ffmpeg', maxRssBytes } = parts
  const ffmpeg = () => createFfmpegEncoder({ path: ffmpegPath, ...(maxRssBytes !== undefined && { maxRssBytes }) })
  if (name === 'ffmpeg') return ffmpeg()
  if (name === 'none') throw new McpxError('ENCODER_MISSING', 'there is no encoder on this machine')
  try {
    return await createNodeAvEncoder({ load, breathe: () => setImmediate() })
  } catch (cause) {
    if (await isFfmpegUsable(ffmpegPath)) return ffmpeg()
    const why = String(cause instanceof Error ? (cause.cause ?? cause) : cause).slice(0, 300)
    throw new McpxError('ENCODER_MISSING', `node-av does not load (${why}), and there is no usable ${ffmpegPath}`, {
      cause,
    })
  }
}
