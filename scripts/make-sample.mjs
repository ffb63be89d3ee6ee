// Makes assets/sample: a VP9 + Opus ladder (HLS over CMAF, byte ranges) that every HLS player can play.
// Needs a system ffmpeg with libvpx-vp9, libopus and drawtext, and the DejaVu fonts. The same ffmpeg gives the same bytes.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../assets/sample')
const durationS = 15
const frameRate = 30
const rungs = [
  { name: '180p', width: 320, height: 180, bitrate: '115k' },
  { name: '360p', width: 640, height: 360, bitrate: '330k' },
  { name: '720p', width: 1280, height: 720, bitrate: '1050k' },
]

/** What is seen: a slow flight into a fractal, a clock, the frame number, the rung, and a flash on every full second. */
function videoGraph() {
  const mono = 'font=DejaVu Sans Mono:fontcolor=white'
  const picture = [
    `mandelbrot=s=1280x720:r=${frameRate}:start_scale=2.6:end_scale=0.25:end_pts=${durationS * frameRate * 1.1}` +
      ':start_x=-0.7436438870:start_y=-0.1318259043:maxiter=300:outer=normalized_iteration_count:inner=black[fractal]',
    '[fractal]format=yuv420p,gblur=sigma=1.2,eq=brightness=-0.12:contrast=0.8:saturation=0.75[ground]',
    `color=c=white:s=180x180:r=${frameRate}[flash]`,
    `color=c=0x35c4b5:s=1280x14:r=${frameRate}[bar]`,
    // Both are tied to the frame's own time, so that they can be held against the beep.
    "[ground][flash]overlay=x=W-w-40:y=40:enable='lt(mod(n,30),3)'[lit]",
    "[lit][bar]overlay=x='-w+W*mod(n,30)/29':y=H-h:shortest=1[timed]",
    '[timed]drawbox=x=0:y=500:w=iw:h=206:color=black@0.45:t=fill,' +
      'drawtext=font=DejaVu Sans:fontcolor=white:fontsize=120:text=mcpx:x=56:y=530,' +
      `drawtext=${mono}:fontsize=56:text='%{pts\\:hms}':x=520:y=525,` +
      `drawtext=${mono}:fontsize=44:text='frame %{frame_num}':x=520:y=610[whole]`,
    `[whole]split=${rungs.length}${rungs.map((rung) => `[in${rung.name}]`).join('')}`,
  ]
  const outputs = rungs.map(
    ({ name, width, height }) =>
      `[in${name}]drawtext=${mono}:fontsize=100:text=${name}:x=w-tw-56:y=545,` +
      `scale=${width}:${height}:flags=lanczos,setsar=1[out${name}]`,
  )
  return [...picture, ...outputs].join(';')
}

/** What is heard: soft pentatonic notes twice a second, and a beep with every flash. */
function audioSource() {
  const semitones = [0, 7, 12, 16, 14, 9, 7, 4, 2, 9, 14, 19, 16, 12, 9, 7]
  const at = 'mod(t,0.5)'
  const frequency = semitones
    .map((n, i) => `${(220 * 2 ** (n / 12)).toFixed(2)}*eq(mod(floor(t*2),${semitones.length}),${i})`)
    .join('+')
  const envelope = `(1-exp(-150*${at}))*exp(-5*${at})`
  const note = `0.22*${envelope}*(sin(2*PI*${at}*(${frequency}))+0.3*sin(4*PI*${at}*(${frequency})))`
  const beep = '0.5*lt(mod(t,1),0.1)*sin(2*PI*1000*t)'
  return `aevalsrc='${note}+${beep}':s=48000:d=${durationS}`
}

function encode() {
  const common = ['-hide_banner', '-loglevel', 'error', '-y', '-nostdin', '-filter_complex_threads', '1']
  const mux = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags', '+bitexact', '-f', 'mp4']
  const flags = 'empty_moov+default_base_moof+skip_trailer+negative_cts_offsets'
  const video = rungs.flatMap(({ name, bitrate }) =>
    ['-map', `[out${name}]`, '-frames:v', durationS * frameRate, '-c:v', 'libvpx-vp9', '-b:v', bitrate]
      .concat(['-minrate', '0', '-maxrate', bitrate, '-bufsize', bitrate, '-pix_fmt', 'yuv420p'])
      .concat(['-g', frameRate, '-keyint_min', frameRate, '-auto-alt-ref', '0', '-lag-in-frames', '0'])
      .concat(['-deadline', 'good', '-cpu-used', '2', '-threads', '1', '-row-mt', '0', ...mux])
      .concat(['-movflags', `${flags}+frag_keyframe`, join(folder, `${name}.mp4`)]),
  )
  const audio = ['-map', '0:a', '-c:a', 'libopus', '-b:a', '48k', '-vbr', 'constrained', '-ac', '1', ...mux]
    .concat(['-movflags', `${flags}+delay_moov`, '-frag_duration', '1000000'])
    .concat([join(folder, 'audio.mp4')])
  const inputs = ['-f', 'lavfi', '-i', audioSource(), '-filter_complex', videoGraph()]
  execFileSync('ffmpeg', [...common, ...inputs, ...video, ...audio].map(String), { stdio: 'inherit' })
}

/** Top-level boxes of an ISO media file (ISO/IEC 14496-12, 4.2). */
function* boxes(bytes, start = 0, end = bytes.length) {
  for (let at = start; at < end; ) {
    const size = bytes.readUInt32BE(at)
    yield { type: bytes.toString('latin1', at + 4, at + 8), start: at, end: at + size }
    at += size
  }
}

/** The initialization part and the segments (moof + mdat) of a file, as byte ranges: one a second, the last takes the tail. */
function segments(bytes) {
  const found = { initBytes: 0, parts: [] }
  for (const box of boxes(bytes)) {
    if (box.type === 'moov') found.initBytes = box.end
    if (box.type === 'moof' && found.parts.length < durationS) found.parts.push({ start: box.start, end: box.end })
    if (box.type === 'mdat') found.parts.at(-1).end = box.end
  }
  return found
}

/** `vp09.00.31.08` from the vpcC box (VP Codec ISO Media File Format Binding, "Codecs Parameter String"). */
function vp9Codec(bytes) {
  const at = bytes.indexOf('vpcC') + 8
  const two = (value) => String(value).padStart(2, '0')
  return `vp09.${two(bytes[at])}.${two(bytes[at + 1])}.${two(bytes[at + 2] >> 4)}`
}

function playlist(file, { initBytes, parts }) {
  const lines = ['#EXTM3U', '# mcpx sample, made by scripts/make-sample.mjs, public domain (CC0 1.0)']
  lines.push('#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:1', '#EXT-X-MEDIA-SEQUENCE:0')
  lines.push('#EXT-X-PLAYLIST-TYPE:VOD', '#EXT-X-INDEPENDENT-SEGMENTS')
  lines.push(`#EXT-X-MAP:URI="${file}",BYTERANGE="${initBytes}@0"`)
  for (const { start, end } of parts) lines.push('#EXTINF:1.000000,', `#EXT-X-BYTERANGE:${end - start}@${start}`, file)
  return `${lines.join('\n')}\n#EXT-X-ENDLIST\n`
}

function writePlaylists() {
  const bitrates = ({ parts }) => ({
    peak: Math.max(...parts.map(({ start, end }) => (end - start) * 8)),
    mean: Math.round((parts.at(-1).end - parts[0].start) * 8) / durationS,
  })
  const audio = segments(readFileSync(join(folder, 'audio.mp4')))
  writeFileSync(join(folder, 'audio.m3u8'), playlist('audio.mp4', audio))
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS']
  lines.push(
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Tones",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="1",URI="audio.m3u8"',
  )
  for (const { name, width, height } of rungs) {
    const bytes = readFileSync(join(folder, `${name}.mp4`))
    const video = segments(bytes)
    if (video.parts.length !== durationS) throw new Error(`${name} has ${video.parts.length} GOPs, not ${durationS}`)
    writeFileSync(join(folder, `${name}.m3u8`), playlist(`${name}.mp4`, video))
    const [ofVideo, ofAudio] = [bitrates(video), bitrates(audio)]
    lines.push(
      `#EXT-X-STREAM-INF:BANDWIDTH=${ofVideo.peak + ofAudio.peak}` +
        `,AVERAGE-BANDWIDTH=${Math.round(ofVideo.mean + ofAudio.mean)},RESOLUTION=${width}x${height}` +
        `,FRAME-RATE=${frameRate.toFixed(3)},CODECS="${vp9Codec(bytes)},opus",AUDIO="audio"`,
      `${name}.m3u8`,
    )
  }
  writeFileSync(join(folder, 'master.m3u8'), `${lines.join('\n')}\n`)
}

const readme = `# The sample

${durationS} seconds of a fractal with a clock, a frame counter, the name of the rung on screen, and a flash with a beep on
every full second: a VP9 + Opus ladder of three rungs (HLS, CMAF, one byte range per 1 s GOP). Open \`master.m3u8\`.

Made by \`scripts/make-sample.mjs\`; nothing in it comes from anybody else. Public domain:
CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/).
`

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
encode()
writePlaylists()
writeFileSync(join(folder, 'README.md'), readme)
