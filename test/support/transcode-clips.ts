// Clips made by a system ffmpeg, kept between runs: a flash and a beep on every full second, in every container and codec.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../.cache/clips')

const width = 320
const height = 180
/** White for 100 ms from every full second on; elsewhere dark and moving. The top left quarter is brighter: it shows a turn. */
const picture = (durationS: number, rate = 30) =>
  `testsrc2=s=${width}x${height}:r=${rate}:d=${durationS},eq=brightness=-0.35:contrast=0.5,` +
  'drawbox=x=0:y=0:w=iw/2:h=ih/2:color=gray@0.8:t=fill,' +
  "drawbox=x=0:y=0:w=iw:h=ih:color=white:t=fill:enable='lt(mod(t+0.001,1),0.1)'"
const sound = (durationS: number, rate = 44100) =>
  `aevalsrc='0.6*lt(mod(t,1),0.1)*sin(2*PI*1000*t)':s=${rate}:d=${durationS}`

const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p']
const aac = ['-c:a', 'aac', '-b:a', '96k']

/** File name → what ffmpeg is told after the two inputs (12 s of picture and sound). */
const recipes: Readonly<Record<string, readonly string[]>> = {
  'flash-long-gop.mp4': [...h264, '-g', '300', '-bf', '3', '-sc_threshold', '0', ...aac],
  'flash-hevc.mp4': [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-x265-params',
    'log-level=none',
    '-tag:v',
    'hvc1',
    ...aac,
  ],
  'flash-vp8.webm': ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-c:a', 'libvorbis'],
  'flash-vp9.webm': ['-c:v', 'libvpx-vp9', '-deadline', 'good', '-cpu-used', '8', '-b:v', '300k', '-c:a', 'libopus'],
  'flash-av1.mkv': ['-c:v', 'libsvtav1', '-preset', '12', '-g', '120', '-c:a', 'flac'],
  'flash-ac3.mp4': [...h264, '-c:a', 'ac3'],
  'flash-mp3.mkv': [...h264, '-c:a', 'libmp3lame'],
  'flash.ts': [...h264, ...aac],
  'flash.wav': ['-vn', '-c:a', 'pcm_s16le'],
  'flash.flac': ['-vn', '-c:a', 'flac'],
  'flash.mp3': ['-vn', '-c:a', 'libmp3lame'],
  'flash.aac': ['-vn', ...aac],
  'flash-60fps.mp4': ['-r', '60', ...h264, '-an'],
  // Every frame of the first two seconds, then one in twelve, at its own time.
  'flash-vfr.mkv': ['-vf', "select='lt(t,2)+not(mod(n,12))'", '-vsync', 'vfr', ...h264, '-an'],
  // One picture, shown for the whole time.
  'still.mkv': ['-vf', "select='eq(n,0)'", '-vsync', 'vfr', ...h264, ...aac],
}

function ffmpeg(args: readonly string[], name: string): string {
  const path = join(folder, name)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const scratch = join(folder, `${process.pid}-${name}`)
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args, scratch], { stdio: 'pipe' })
  renameSync(scratch, path)
  return path
}

/** The path of a clip, made when it is not there yet. */
export function clip(name: keyof typeof recipes & string): string {
  const inputs = ['-f', 'lavfi', '-i', picture(12), '-f', 'lavfi', '-i', sound(12)]
  return ffmpeg([...inputs, ...recipes[name]!], name)
}

/** The long-GOP clip, with a matrix that says to show it turned counterclockwise by 90 degrees. */
export function rotatedClip(): string {
  return ffmpeg(['-i', clip('flash-long-gop.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90'], 'flash-rotated.mp4')
}
