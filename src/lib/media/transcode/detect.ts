// Which encoder there is on this machine.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { WorkerSettings } from '../../protocol/media-plane.ts'
import { loadNodeAv } from './node-av.ts'

export type EncoderName = WorkerSettings['encoder']

/**
 * node-av when it is installed and its binary loads (about 0.1 s), else an ffmpeg on the PATH with libopus and a video encoder,
 * else none. Never rejects.
 */
export async function detectEncoder(options: { readonly ffmpegPath?: string } = {}): Promise<EncoderName> {
  const isNodeAv = await loadNodeAv().then(
    () => true,
    () => false,
  )
  if (isNodeAv) return 'node-av'
  return (await isFfmpegUsable(options.ffmpegPath ?? 'ffmpeg')) ? 'ffmpeg' : 'none'
}

async function isFfmpegUsable(path: string): Promise<boolean> {
  const args = ['-hide_banner', '-loglevel', 'error', '-encoders']
  const found = await promisify(execFile)(path, args, { timeout: 5000, maxBuffer: 2 ** 20 }).catch(() => undefined)
  return found !== undefined && /\blibopus\b/.test(found.stdout) && /\b(libvpx|libx264)\b/.test(found.stdout)
}
