// The encoder of a name that detectEncoder gave.
import { setImmediate } from 'node:timers/promises'
import { McpxError } from '../../base/errors.ts'
import type { EncoderName } from './detect.ts'
import type { Encoder } from './encoder.ts'
import { createFfmpegEncoder } from './ffmpeg-cli.ts'
import { createNodeAvEncoder } from './node-av.ts'

/** Loads what it needs. Rejects with ENCODER_MISSING. */
export async function createEncoder(name: EncoderName): Promise<Encoder> {
  if (name === 'ffmpeg') return createFfmpegEncoder()
  if (name === 'node-av') return createNodeAvEncoder({ breathe: () => setImmediate() })
  throw new McpxError('ENCODER_MISSING', 'there is no encoder on this machine')
}
