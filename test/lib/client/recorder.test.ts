// From a stored clip through our packets, put together again, to a file that plays: every codec that RTP carries here.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { createRecorder } from '../../../src/lib/client/recorder.ts'
import { createPacketizer } from '../../../src/lib/codec/index.ts'
import { openMedia } from '../../../src/lib/media/open.ts'
import { packetizeGop } from '../../../src/lib/media/packetize-gop.ts'
import type { Rendition } from '../../../src/lib/media/rendition.ts'
import type { Gop } from '../../../src/lib/model/frame.ts'
import { clockRateOf, type RtpCodec, type Track } from '../../../src/lib/model/track.ts'
import { FrameAssembler, type ReceivedFrame } from '../../../src/lib/webrtc/frame-assembler.ts'
import { type ClipName, clipFiles, hasFfmpeg, memoryFiles } from '../../support/clips.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-record-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function gopsOf(rendition: Rendition): Promise<Gop[]> {
  const { signal } = new AbortController()
  const gops: Gop[] = []
  for (let gop: Gop | undefined = await rendition.gopAt(0, signal); gop; gop = await rendition.gopAfter(gop, signal))
    gops.push(gop)
  return gops
}

/** What arrives of a track over a path that loses nothing. */
async function receive(rendition: Rendition): Promise<{ frames: ReceivedFrame[]; sent: number }> {
  const { kind, codec } = rendition.track as Track & { codec: RtpCodec }
  const packetizer = createPacketizer(rendition.track)
  const assembler = new FrameAssembler({ kind, codec })
  const gops = await gopsOf(rendition)
  const sent = gops.flatMap((gop) => packetizeGop(gop, packetizer).frames)
  let sequence = 65_000
  const packets = sent.flatMap(({ timeS, payloads }) =>
    payloads.map((payload, i) => ({
      kind,
      codec,
      payload: Buffer.from(payload),
      sequence: sequence++ & 0xffff,
      timestamp: Math.round(timeS * clockRateOf(kind)) >>> 0,
      marker: i === payloads.length - 1,
      payloadType: 96,
      isRecovered: false,
      atMs: timeS * 1000,
    })),
  )
  const frames = [...packets.flatMap((packet) => assembler.push(packet)), ...assembler.flush()]
  expect(assembler.framesLost).toBe(0)
  return { frames, sent: sent.length }
}

const cases: readonly [ClipName, string][] = [
  ['vp8.webm', 'vp8.webm'],
  ['vp9.webm', 'vp9.webm'],
  ['vp9.mp4', 'vp9.mp4'],
  ['av1.webm', 'av1.webm'],
  ['av1.mp4', 'av1.mp4'],
  ['h264.mkv', 'h264.mp4'],
]

describe.runIf(hasFfmpeg)('a recording', () => {
  it.each(cases)('of %s as %s has every frame and decodes without a complaint', async (name, file) => {
    const source = await openMedia(await clipFiles(name), { clock: systemClock })
    const [video, audio] = ['video', 'audio'].map((kind) => source.tracks.find((track) => track.kind === kind)!)
    const [seen, heard] = [await receive(source.rendition(video!.id)), await receive(source.rendition(audio!.id))]
    source.close()
    expect([seen.frames.length, heard.frames.length]).toEqual([seen.sent, heard.sent])

    const path = join(folder, file)
    const { codec, width = 0, height = 0, channels = 0 } = { ...video!, channels: audio!.channels }
    const tracks = { video: { codec: codec as RtpCodec, width, height }, audio: { codec: 'opus' as const, channels } }
    const recorder = await createRecorder(path, tracks)
    // The recording begins with the picture: sound from before it, as its codec primes, is left out.
    const frames = [...seen.frames, ...heard.frames.filter(({ atMs }) => atMs >= seen.frames[0]!.atMs)].sort(
      (a, b) => a.atMs - b.atMs || b.kind.localeCompare(a.kind),
    )
    for (const frame of frames) recorder.add(frame, frame.atMs)
    expect(await recorder.finish()).toMatchObject({ frames: frames.length, dropped: 0 })

    const copy = await openMedia(memoryFiles({ [file]: new Uint8Array(await readFile(path)) }), { clock: systemClock })
    expect(copy.tracks.map((track) => track.codec).sort()).toEqual([codec, 'opus'].sort())
    copy.close()
    const decode = ['-v', 'error', '-i', path, '-f', 'null', '-']
    expect((await promisify(execFile)('ffmpeg', decode)).stderr).toBe('')
  })
})
