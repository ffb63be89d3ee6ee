// Short clips of every container and codec, made once by ffmpeg from seeded sources and kept in .cache/clips.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { McpxError } from '../../src/lib/base/errors.ts'
import type { MediaFiles } from '../../src/lib/media/input.ts'

const run = promisify(execFile)
/** Part of the folder's name: raise it when a recipe below changes. */
const edition = 1
const folder = resolve(import.meta.dirname, `../../.cache/clips/${edition}`)

const video = (seconds: number, rate = 30) => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=320x180:rate=${rate}:duration=${seconds}`,
]
const tone = (seconds: number, hz = 440) => [
  '-f',
  'lavfi',
  '-i',
  `sine=frequency=${hz}:sample_rate=48000:duration=${seconds}`,
]
const h264 = (profile: string, bFrames: number) =>
  `-c:v libx264 -preset veryfast -profile:v ${profile} -bf ${bFrames} -g 30 -keyint_min 30 -sc_threshold 0`.split(' ')
const baseline = h264('baseline', 0)
const vp8 = '-c:v libvpx -deadline realtime -cpu-used 8 -b:v 300k -g 30 -auto-alt-ref 0'.split(' ')
const vp9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 0 -b:v 300k -g 30'.split(' ')
const av1 = '-c:v libaom-av1 -usage realtime -cpu-used 8 -lag-in-frames 0 -b:v 200k -g 30'.split(' ')
const opus = '-c:a libopus -b:a 48k'.split(' ')
const aac = '-c:a aac -b:a 64k'.split(' ')
const both = [...video(3), ...tone(3)]
const ladder = [
  ...[...video(4), ...tone(4), '-map', '0:v', '-map', '0:v', '-map', '1:a'],
  ...[...baseline, '-filter:v:0', 'scale=160:90', '-b:v:0', '80k', '-b:v:1', '250k', ...opus],
  ...'-f hls -hls_time 1 -hls_playlist_type vod -hls_segment_type fmp4 -master_pl_name master.m3u8'.split(' '),
  ...['-var_stream_map', 'v:0,agroup:a,name:low v:1,agroup:a,name:high a:0,agroup:a,name:audio,language:eng'],
]

/** libvpx hides frames in VP8 only when a first pass has seen the whole clip. */
const vp8Hidden = [
  ...video(3),
  ...'-c:v libvpx -deadline good -cpu-used 5 -b:v 100k -g 90 -auto-alt-ref 1 -lag-in-frames 16'.split(' '),
]

/** Arguments of ffmpeg for each clip; the output name is put after them. A name without a dot is a folder. */
const recipes = {
  'h264.mp4': [...both, ...baseline, ...aac],
  'h264-faststart.mp4': [...both, ...baseline, ...aac, '-movflags', '+faststart'],
  'h264-fragmented.mp4': [...both, ...baseline, ...aac, '-movflags', '+frag_keyframe+empty_moov'],
  'h264-b-frames.mp4': [...both, ...h264('high', 3), ...aac],
  'h264.mov': [...both, ...baseline, ...aac],
  'h264.mkv': [...both, ...baseline, ...opus],
  'h264.ts': [...both, ...baseline, ...aac],
  'hevc.mp4': [...both, ...'-c:v libx265 -preset ultrafast -x265-params log-level=none -g 30'.split(' '), ...aac],
  'vp8.webm': [...both, ...vp8, ...opus],
  'vp9.webm': [...both, ...vp9, ...opus],
  'vp9-hidden.webm': [
    ...video(3),
    ...'-c:v libvpx-vp9 -deadline good -cpu-used 5 -b:v 100k -g 90 -auto-alt-ref 1 -lag-in-frames 16'.split(' '),
  ],
  'vp9.mp4': [...both, ...vp9, ...opus],
  'av1.mp4': [...video(2), ...tone(2), ...av1, ...opus],
  'av1.webm': [...video(2), ...tone(2), ...av1, ...opus],
  'av1-hidden.webm': [...video(2), ...'-c:v libaom-av1 -cpu-used 8 -lag-in-frames 19 -b:v 100k -g 60'.split(' ')],
  'two-languages.mkv': [
    ...[...both, ...tone(3, 880), '-map', '0', '-map', '1', '-map', '2', ...vp8, ...opus],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
  ],
  'variable-rate.mp4': [...video(3), '-vf', "select='if(lt(t,1.5),1,not(mod(n,3)))'", '-vsync', 'vfr', ...baseline],
  'anamorphic.mp4': [...video(1), '-vf', 'setsar=4/3', ...baseline],
  'long-gop.mp4': [...video(24, 10), ...'-c:v libx264 -preset ultrafast -profile:v baseline -g 1000'.split(' ')],
  'opus.ogg': [...tone(3), ...opus],
  'vorbis.ogg': [...tone(3), '-c:a', 'libvorbis'],
  'tone.mp3': [...tone(3), '-c:a', 'libmp3lame'],
  'tone.wav': tone(3),
  'tone.flac': tone(3),
  'tone.aac': [...tone(3), ...aac],
  'tone.m4a': [...tone(3), ...aac],
  ladder: [...ladder, '-hls_flags', 'single_file', '-hls_segment_filename', '%v.mp4', '%v.m3u8'],
  'hls-segments': [...ladder, '-hls_segment_filename', '%v-%d.m4s', '%v.m3u8'],
} as const satisfies Record<string, readonly string[]>

export type ClipName = keyof typeof recipes | 'rotated.mp4' | 'trimmed.mp4' | 'vp8-hidden.webm'
export const clipNames = Object.keys(recipes) as ClipName[]

/** Whether ffmpeg is here; an error instead of false where MCPX_REQUIRE_PARTS=1 says that every part must be. */
export const hasFfmpeg: boolean = (() => {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    if (process.env.MCPX_REQUIRE_PARTS === '1')
      throw new Error('ffmpeg is required and is not on the PATH', { cause: error })
    console.warn('SKIPPED: tests with media clips, because ffmpeg is not on the PATH')
    return false
  }
})()

const made = new Map<ClipName, Promise<string>>()

/** Path of a clip (a file, or a folder), made when it is not there yet. */
export function clip(name: ClipName): Promise<string> {
  const known = made.get(name) ?? make(name)
  made.set(name, known)
  return known
}

async function make(name: ClipName): Promise<string> {
  const path = join(folder, name)
  if (existsSync(path)) return path
  // Several processes may make the same clip at the same time: each in a folder of its own, the first to finish wins.
  const draft = join(folder, `.${process.pid}-${name}`)
  mkdirSync(draft, { recursive: true })
  try {
    const ffmpeg = (...args: string[]) =>
      run('ffmpeg', ['-v', 'error', '-y', '-bitexact', '-threads', '1', ...args], { cwd: draft })
    if (name === 'rotated.mp4')
      await ffmpeg('-i', await clip('h264.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', name)
    else if (name === 'trimmed.mp4')
      // An edit list begins half a second after the first key frame.
      await ffmpeg('-ss', '0.5', '-i', await clip('h264.mp4'), '-c', 'copy', name)
    else if (name === 'vp8-hidden.webm') {
      await ffmpeg(...vp8Hidden, '-pass', '1', '-f', 'null', '-')
      await ffmpeg(...vp8Hidden, '-pass', '2', name)
    } else await ffmpeg(...recipes[name], ...(name.includes('.') ? [name] : []))
    const result = name.includes('.') ? join(draft, name) : draft
    if (!existsSync(path)) renameSync(result, path)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return path
}

/** The bytes of a clip that is a file. */
export const clipBytes = async (name: ClipName): Promise<Uint8Array> => new Uint8Array(readFileSync(await clip(name)))

/** What was read of a source, for tests of how much. */
export interface ReadLog {
  reads: number
  bytes: number
  open: number
}

export const newReadLog = (): ReadLog => ({ reads: 0, bytes: 0, open: 0 })

/** Files in memory as openMedia takes them. The first is opened unless `entry` says another. */
export function memoryFiles(
  files: Readonly<Record<string, Uint8Array>>,
  entry?: string,
  log = newReadLog(),
): MediaFiles {
  const opened = entry ?? Object.keys(files)[0]!
  return {
    id: opened,
    entry: opened,
    open(path) {
      const bytes = Object.hasOwn(files, path) ? files[path] : undefined
      if (!bytes) throw new McpxError('CONTENT_NOT_FOUND', `there is no ${path}`)
      log.open++
      return {
        sizeBytes: bytes.length,
        async read(start, end) {
          log.reads++
          log.bytes += end - start
          return bytes.slice(start, end)
        },
        close: () => {
          log.open--
        },
      }
    },
  }
}

/** A clip as openMedia takes it; of a folder, the file named by `entry`. */
export async function clipFiles(name: ClipName, entry?: string, log?: ReadLog): Promise<MediaFiles> {
  const path = await clip(name)
  if (entry === undefined) return memoryFiles({ [name]: new Uint8Array(readFileSync(path)) }, name, log)
  const files = readdirSync(path).map((file) => [file, new Uint8Array(readFileSync(join(path, file)))] as const)
  return memoryFiles(Object.fromEntries(files), entry, log)
}
