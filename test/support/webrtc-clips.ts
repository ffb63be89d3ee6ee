// Clips for WebRTC tests: frames encoded by ffmpeg to IVF, and the plainest VP8 packetizer (RFC 7741) to send them with.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ClipFrame {
  readonly data: Buffer
  readonly isKey: boolean
  /** 90 kHz */
  readonly timestamp: number
}

export async function hasProgram(name: string, flag = '-version'): Promise<boolean> {
  return run(name, [flag]).then(
    () => true,
    () => false,
  )
}

/** A moving test picture as VP8, key frame each `gopFrames`. */
export async function encodeVp8(options: {
  frames: number
  frameRate: number
  gopFrames: number
}): Promise<ClipFrame[]> {
  const { frames, frameRate, gopFrames } = options
  const source = `testsrc2=size=320x240:rate=${frameRate}`
  const encoder = ['-c:v', 'libvpx', '-b:v', '500k', '-deadline', 'realtime', '-cpu-used', '8', '-auto-alt-ref', '0']
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, '-frames:v', `${frames}`, ...encoder]
  const output = ['-g', `${gopFrames}`, '-pix_fmt', 'yuv420p', '-f', 'ivf', '-']
  const { stdout } = await run('ffmpeg', [...args, ...output], { encoding: 'buffer', maxBuffer: 2 ** 26 })
  return readIvf(stdout, frameRate)
}

function readIvf(file: Buffer, frameRate: number): ClipFrame[] {
  const frames: ClipFrame[] = []
  for (let at = file.readUInt16LE(6); at + 12 <= file.length; ) {
    const size = file.readUInt32LE(at)
    const data = file.subarray(at + 12, at + 12 + size)
    frames.push({ data, isKey: (data[0]! & 1) === 0, timestamp: Math.round((frames.length * 90_000) / frameRate) })
    at += 12 + size
  }
  return frames
}

/** Payloads with a 15-bit PictureID at offset 2. */
export function packetizeVp8(frame: Buffer, pictureId: number, size = 1100): Buffer[] {
  const payloads: Buffer[] = []
  for (let at = 0; at < frame.length; at += size) {
    const head = [0x80 | (at === 0 ? 0x10 : 0), 0x80, 0x80 | ((pictureId >> 8) & 0x7f), pictureId & 0xff]
    payloads.push(Buffer.concat([Buffer.from(head), frame.subarray(at, at + size)]))
  }
  return payloads
}
