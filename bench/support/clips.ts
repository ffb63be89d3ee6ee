// Test clips by a system ffmpeg, kept in .cache between runs; and copies that have another CID.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../.cache/bench')

/** Moving noise over a test picture: the encoder spends all it may. */
const picture = (size: string, durationS: number) =>
  `testsrc2=s=${size}:r=30:d=${durationS},noise=alls=24:allf=t+u,format=yuv420p`
const sound = (durationS: number) => `sine=frequency=440:sample_rate=48000:duration=${durationS}`

function make(name: string, args: readonly string[]): string {
  const path = join(folder, name)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const scratch = join(folder, `${process.pid}-${name}`)
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args, scratch], { stdio: 'pipe' })
  renameSync(scratch, path)
  return path
}

/** VP8 at 1.94 Mbps and Opus at 64 kbps: together 2 Mbps, passed through as it is. A key frame every 2 s. */
export function twoMegabitClip(durationS = 20): string {
  const rate = ['-b:v', '1940k', '-minrate', '1940k', '-maxrate', '1940k', '-bufsize', '970k']
  return make(`vp8-2mbps-${durationS}s.webm`, [
    ...['-f', 'lavfi', '-i', picture('640x360', durationS), '-f', 'lavfi', '-i', sound(durationS)],
    ...['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '60', ...rate],
    ...['-c:a', 'libopus', '-b:a', '64k'],
  ])
}

/** Opus alone at 64 kbps: fifty small packets a second. */
export function quietClip(durationS = 20): string {
  return make(`opus-64kbps-${durationS}s.webm`, [
    '-f',
    'lavfi',
    '-i',
    sound(durationS),
    '-c:a',
    'libopus',
    '-b:a',
    '64k',
  ])
}

/** What phones and the web have: H.264 High with B-frames, AAC. MCPX_BENCH_CLIP names a real one. */
export function webClip(): string {
  if (process.env.MCPX_BENCH_CLIP) return process.env.MCPX_BENCH_CLIP
  return make('h264-high-480p-20s.mp4', [
    ...['-f', 'lavfi', '-i', `testsrc2=s=854x480:r=24:d=20,format=yuv420p`, '-f', 'lavfi', '-i', sound(20)],
    ...['-c:v', 'libx264', '-profile:v', 'high', '-bf', '3', '-g', '250', '-b:v', '800k', '-preset', 'veryfast'],
    ...['-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'],
  ])
}

/** The clip with a `free` box of noise at its end: the same film under a CID that nobody has seen. */
export async function freshCopy(path: string): Promise<Buffer> {
  const box = Buffer.alloc(24)
  box.writeUInt32BE(24, 0)
  box.write('free', 4, 'latin1')
  randomBytes(16).copy(box, 8)
  return Buffer.concat([await readFile(path), box])
}
