// Just enough Matroska (RFC 9559) to talk to an ffmpeg through its pipes: one track, live, one block a cluster.
import { McpxError } from '../../base/errors.ts'
import type { Frame } from '../../model/frame.ts'
import type { Track } from '../../model/track.ts'

const ids = {
  ebml: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  bitDepth: 0x6264,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
} as const

const codecIds: Readonly<Record<string, string>> = {
  h264: 'V_MPEG4/ISO/AVC',
  hevc: 'V_MPEGH/ISO/HEVC',
  vp8: 'V_VP8',
  vp9: 'V_VP9',
  av1: 'V_AV1',
  mpeg4: 'V_MPEG4/ISO/ASP',
  mpeg2: 'V_MPEG2',
  aac: 'A_AAC',
  mp3: 'A_MPEG/L3',
  opus: 'A_OPUS',
  vorbis: 'A_VORBIS',
  flac: 'A_FLAC',
  ac3: 'A_AC3',
  eac3: 'A_EAC3',
}

const unknownSize = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)

function unsigned(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

function float(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return bytes
}

const text = (value: string) => new TextEncoder().encode(value)

function idBytes(id: number): Uint8Array {
  const bytes = unsigned(id)
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0))
}

function element(id: number, ...content: readonly Uint8Array[]): Buffer {
  const size = unsigned(content.reduce((sum, part) => sum + part.byteLength, 0))
  size[0] = 0x01
  return Buffer.concat([idBytes(id), size, ...content])
}

/** `pcm-s24be` → A_PCM/INT/BIG with 24 bits. */
function pcmOf(codec: string): { codecId: string; bits: number } | undefined {
  const pcm = /^pcm-([suf])(\d+)(be|le)?$/.exec(codec)
  if (!pcm) return undefined
  const bits = Number(pcm[2])
  if (pcm[1] === 'f') return pcm[3] === 'be' ? undefined : { codecId: 'A_PCM/FLOAT/IEEE', bits }
  return { codecId: pcm[3] === 'be' ? 'A_PCM/INT/BIG' : 'A_PCM/INT/LIT', bits }
}

/** Everything before the first frame. Throws CODEC_UNSUPPORTED when Matroska has no name for the codec here. */
export function matroskaHeader(track: Track): Uint8Array {
  const pcm = pcmOf(track.codec)
  const codecId = pcm?.codecId ?? codecIds[track.codec]
  if (!codecId) throw new McpxError('CODEC_UNSUPPORTED', `cannot hand ${track.codec} (${track.codecString}) to ffmpeg`)
  const isVideo = track.kind === 'video'
  const form = isVideo
    ? element(
        ids.video,
        element(ids.pixelWidth, unsigned(track.width ?? 0)),
        element(ids.pixelHeight, unsigned(track.height ?? 0)),
      )
    : element(
        ids.audio,
        element(ids.samplingFrequency, float(track.sampleRate ?? 48_000)),
        element(ids.channels, unsigned(track.channels ?? 2)),
        ...(pcm ? [element(ids.bitDepth, unsigned(pcm.bits))] : []),
      )
  const entry = element(
    ids.trackEntry,
    element(ids.trackNumber, unsigned(1)),
    element(ids.trackUid, unsigned(1)),
    element(ids.trackType, unsigned(isVideo ? 1 : 2)),
    element(ids.codecId, text(codecId)),
    ...(track.description ? [element(ids.codecPrivate, track.description)] : []),
    form,
  )
  const ebml = element(ids.ebml, element(ids.docType, text('matroska')))
  return Buffer.concat([ebml, idBytes(ids.segment), unknownSize, element(ids.tracks, entry)])
}

/** One frame as a cluster of its own. `timeS` must not be negative; it is rounded to 1 ms. */
export function matroskaCluster(frame: Pick<Frame, 'isKey' | 'data'>, timeS: number): Uint8Array {
  const head = Uint8Array.of(0x81, 0, 0, frame.isKey ? 0x80 : 0)
  const time = element(ids.timestamp, unsigned(Math.round(timeS * 1000)))
  return element(ids.cluster, time, element(ids.simpleBlock, head, frame.data))
}

interface Block {
  readonly timeS: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/** Larger elements than this are no media frame of ours. */
const maxElementBytes = 16 * 2 ** 20

const inside: ReadonlySet<number> = new Set([ids.segment, ids.cluster, ids.blockGroup])
const read: ReadonlySet<number> = new Set([ids.timestamp, ids.simpleBlock, ids.block])

/** Reads a stream of Matroska as it comes: give bytes, take the blocks that they completed. Throws INTERNAL on nonsense. */
export function createMatroskaReader(): { push(bytes: Uint8Array): Block[] } {
  let pending: Buffer = Buffer.alloc(0)
  let clusterMs = 0
  let skip = 0

  /** A variable-size integer at `at`: its value, with or without the length marker, and its length; undefined when cut off. */
  function variable(
    at: number,
    keepMarker: boolean,
  ): { value: number; length: number; isUnknown: boolean } | undefined {
    const first = pending[at]
    if (first === undefined) return undefined
    const length = Math.clz32(first) - 23
    if (length > 8) throw new McpxError('INTERNAL', 'ffmpeg wrote no Matroska')
    if (at + length > pending.length) return undefined
    let value = keepMarker ? first : first & (0xff >> length)
    let isUnknown = (first | (0xff00 >> length)) === (0xff00 >> length) + (0xff >> length)
    for (let i = 1; i < length; i++) {
      value = value * 256 + pending[at + i]!
      isUnknown &&= pending[at + i] === 0xff
    }
    return { value, length, isUnknown }
  }

  function blockOf(content: Buffer, id: number): Block {
    const timeS = (clusterMs + content.readInt16BE(1)) / 1000
    const isKey = id === ids.simpleBlock ? (content[3]! & 0x80) !== 0 : false
    return { timeS, isKey, data: Uint8Array.from(content.subarray(4)) }
  }

  return {
    push(bytes) {
      const blocks: Block[] = []
      pending = pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([pending, bytes])
      for (;;) {
        if (skip > 0) {
          const now = Math.min(skip, pending.length)
          pending = pending.subarray(now)
          skip -= now
          if (skip > 0) return blocks
        }
        const id = variable(0, true)
        const size = id && variable(id.length, false)
        if (!id || !size) return blocks
        const start = id.length + size.length
        if (inside.has(id.value)) {
          pending = pending.subarray(start)
          continue
        }
        if (size.isUnknown || size.value > maxElementBytes) throw new McpxError('INTERNAL', 'ffmpeg wrote no Matroska')
        if (!read.has(id.value)) {
          pending = pending.subarray(start)
          skip = size.value
          continue
        }
        if (start + size.value > pending.length) return blocks
        const content = pending.subarray(start, start + size.value)
        pending = pending.subarray(start + size.value)
        if (id.value === ids.timestamp) clusterMs = content.reduce((value, byte) => value * 256 + byte, 0)
        else if (content.length > 4) blocks.push(blockOf(content, id.value))
      }
    },
  }
}
