// Watching a stream to its end: a snapshot every second, a recording besides, and one account of how it went.
import { type Clock, every } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { codecOf } from '../codec/index.ts'
import type { MediaKind } from '../model/track.ts'
import type { ReceivedFrame } from '../webrtc/frame-assembler.ts'
import type { Recorder, Recording } from './recorder.ts'
import type { SenderClock } from './recording-timeline.ts'
import { type Over, untilOver } from './until.ts'
import type { Viewer, ViewerSnapshot } from './viewer.ts'

interface WatchOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Stops after this long, counted from the first frame. */
  readonly durationS?: number | undefined
  /** Records to this file. */
  readonly output?: string | undefined
  /** How long the first frame may take to come. */
  readonly connectTimeoutS?: number
  onSnapshot(snapshot: ViewerSnapshot): void
}

export interface WatchResult {
  readonly reason: Over['reason']
  readonly detail?: string
  readonly last: ViewerSnapshot
  readonly recording?: Recording
}

const snapshotMs = 1000
/** Frames that wait for the tracks to be known before the recording starts. */
const maxEarlyFrames = 300

/**
 * Resolves when the content ends, the server closes, the duration is over or the signal aborts; the viewer is closed then and
 * the recording complete. Throws what the server reports and PEER_FAILED.
 */
export async function watch(viewer: Viewer, options: WatchOptions): Promise<WatchResult> {
  const recording = options.output ? record(viewer, options.output, options.clock) : undefined
  let last: ViewerSnapshot | undefined
  const look = () => {
    last = viewer.snapshot(last)
    return last
  }
  const timer = every(options.clock, snapshotMs, () => options.onSnapshot(look()))
  try {
    const end = await untilOver(viewer, options)
    return { ...end, last: look(), ...(recording ? { recording: await recording.finish() } : {}) }
  } catch (error) {
    await recording?.finish().catch(() => {})
    throw error
  } finally {
    timer.cancel()
    await viewer.close()
  }
}

/** The recorder brings a muxer along: it is loaded by those who record. */
export const loadRecorder = () => import('./recorder.ts')

/** Opens the file when the tracks and the size of the picture are known; what came before is kept for it. */
function record(viewer: Viewer, path: string, clock: Clock) {
  let early: { readonly frame: ReceivedFrame; readonly atMs: number }[] = []
  const reports: Partial<Record<MediaKind, SenderClock>> = {}
  let recorder: Recorder | undefined
  let opening: Promise<void> | undefined
  let failure: unknown

  async function open(): Promise<void> {
    const { createRecorder } = await loadRecorder()
    recorder = await createRecorder(path, tracksOf(viewer))
    for (const report of Object.values(reports)) recorder.noteReport(report)
    for (const { frame, atMs } of early) recorder.add(frame, atMs)
    early = []
  }

  viewer.events.on('report', (report) => {
    reports[report.kind] = report
    recorder?.noteReport(report)
  })
  viewer.events.on('frame', (frame) => {
    if (failure) return
    const atMs = clock.now()
    if (recorder) return recorder.add(frame, atMs)
    if (early.length < maxEarlyFrames) early.push({ frame, atMs })
    if (opening || viewer.sent.length === 0) return
    opening = open().catch((error: unknown) => {
      failure = error
    })
  })

  return {
    async finish(): Promise<Recording> {
      await opening
      if (failure) throw failure
      if (!recorder) throw new McpxError('PEER_FAILED', `nothing arrived to record to ${path}`)
      return recorder.finish()
    },
  }
}

function tracksOf({ sent, media }: Viewer) {
  const video = codecOf(sent.find(({ kind }) => kind === 'video')?.codec ?? '')
  const audio = sent.find(({ kind }) => kind === 'audio')
  const size = media?.rungs.findLast((rung) => rung.width) ?? media?.tracks.find((track) => track.kind === 'video')
  return {
    ...(video ? { video: { codec: video.name, width: size?.width ?? 640, height: size?.height ?? 360 } } : {}),
    ...(audio ? { audio: { codec: 'opus' as const, channels: 2 } } : {}),
  }
}
