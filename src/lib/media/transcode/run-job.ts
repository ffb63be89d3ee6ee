// One transcode job: reads a run of source GOPs, has them encoded, and cuts what comes into segments of the grid.
import { McpxError } from '../../base/errors.ts'
import type { Frame, Gop } from '../../model/frame.ts'
import type { SourceRef, TranscodeJob, TranscodeOutput } from '../../protocol/media-plane.ts'
import type { MediaSource, Rendition } from '../rendition.ts'
import { audioLeadS, type Encoder } from './encoder.ts'
import { segmentAt } from './grid.ts'

export type Segment = Omit<Extract<TranscodeOutput, { t: 'segment' }>, 't'>

export interface RunJobDeps {
  /** Opens the content. The job closes it. */
  openSource(source: SourceRef): Promise<MediaSource>
  readonly encoder: Encoder
  /** Takes a finished segment; `transfer` are the buffers that go with it. */
  emit(output: TranscodeOutput, transfer: ArrayBuffer[]): void
  /** Resolves when one more segment may be made; never resolving is a pause. */
  credit(signal: AbortSignal): Promise<void>
  readonly signal: AbortSignal
}

/**
 * Runs until the end of the source, emitting every segment from `job.from` on, or until `signal` aborts. Rejects with what went
 * wrong: the caller tells the asker. Nothing stays open.
 */
export async function runTranscodeJob(job: TranscodeJob, deps: RunJobDeps): Promise<void> {
  const { signal } = deps
  const source = await deps.openSource(job.source)
  try {
    const rendition = source.rendition(job.trackId)
    const { track } = rendition
    if (track.kind !== job.recipe.kind)
      throw new McpxError('CODEC_UNSUPPORTED', `track ${job.trackId} is ${track.kind}, not ${job.recipe.kind}`)
    const leadS = job.recipe.kind === 'audio' ? audioLeadS : 0
    let sourceEndS = 0
    const note = (gop: Gop) => {
      for (const { timeS, durationS } of gop.frames) sourceEndS = Math.max(sourceEndS, timeS + durationS)
    }
    const gops = gopsFrom(rendition, Math.max(0, job.from * job.segmentS - leadS), signal, note)
    const frames = deps.encoder.encode({ track, ...job }, gops, signal)
    await deps.credit(signal)
    for await (const segment of cutSegments(frames, job, () => sourceEndS)) {
      signal.throwIfAborted()
      deps.emit({ t: 'segment', ...segment }, [segment.slab.buffer as ArrayBuffer])
      if (!segment.isLast) await deps.credit(signal)
    }
  } finally {
    source.close()
  }
}

/** The GOPs of a rendition from the key frame at or before `timeS` to the end. */
async function* gopsFrom(
  rendition: Rendition,
  timeS: number,
  signal: AbortSignal,
  note: (gop: Gop) => void,
): AsyncGenerator<Gop> {
  let gop: Gop | undefined = await rendition.gopAt(timeS, signal)
  while (gop) {
    note(gop)
    yield gop
    if (gop.isLast) return
    gop = await rendition.gopAfter(gop, signal)
  }
}

/**
 * Frames in presentation order to whole segments, each in one slab. A segment is given when the next one begins, and the last
 * one at the end. The last has no frames when the job starts after the end of the source; it then says where that is.
 */
async function* cutSegments(
  frames: AsyncIterable<Frame>,
  { from, segmentS }: Pick<TranscodeJob, 'from' | 'segmentS'>,
  sourceEndS: () => number,
): AsyncGenerator<Segment> {
  let index = from
  let held: Frame[] = []
  for await (const frame of frames) {
    for (const at = segmentAt(frame.timeS, segmentS); index < at; index++) {
      yield packSegment(held, index, segmentS, frame.timeS)
      held = []
    }
    held.push(frame)
  }
  const last = packSegment(held, index, segmentS)
  yield held.length > 0 ? last : { ...last, startS: sourceEndS(), endS: sourceEndS() }
}

/** @param nextS start of the frame that follows; absent after the last. */
function packSegment(held: readonly Frame[], index: number, segmentS: number, nextS?: number): Segment {
  const slab = new Uint8Array(held.reduce((sum, frame) => sum + frame.data.byteLength, 0))
  const last = held.at(-1)
  let offset = 0
  const frames = held.map((frame, at) => {
    slab.set(frame.data, offset)
    const endS = held[at + 1]?.timeS ?? nextS ?? frame.timeS + frame.durationS
    const entry = { timeS: frame.timeS, durationS: Math.max(0, endS - frame.timeS), isKey: frame.isKey }
    offset += frame.data.byteLength
    return { ...entry, offset: offset - frame.data.byteLength, length: frame.data.byteLength }
  })
  const startS = index * segmentS
  const isLast = nextS === undefined
  const endS = isLast && last ? Math.max(startS, last.timeS + last.durationS) : startS + segmentS
  return { index, startS, endS, isLast, slab, frames }
}
