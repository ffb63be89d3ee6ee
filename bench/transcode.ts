// Transcode: CPU seconds a second of media for each codec that is made, and the time to the first segment; by the encoder alone,
// and by the pool of processes against the same jobs in a thread.
import { createEncoder } from '../src/lib/media/transcode/create-encoder.ts'
import { detectEncoder } from '../src/lib/media/transcode/detect-encoder.ts'
import type { TranscodeJob } from '../src/lib/protocol/media-plane.ts'
import type { TranscodeSettings } from '../src/lib/protocol/transcode-plane.ts'
import { atMost, type BenchContext, median, ratios } from './support/bench.ts'
import { webClip } from './support/clips.ts'
import { processSide, type Side, settingsFor, storeClip, threadSide } from './support/transcode-sides.ts'
import { type Made, segmentS, type Task, tasksOf, transcode } from './support/transcoding.ts'

export const title = 'Transcode'

export async function run(context: BenchContext): Promise<void> {
  const name = await detectEncoder()
  if (name === 'none') {
    context.say('there is no encoder here: nothing to measure')
    return
  }
  const path = webClip()
  const { audio, video } = await tasksOf(path)
  const tasks = [...video, ...audio]
  const clip = await storeClip(path)
  const settings = settingsFor(clip.blocksPath, name)
  const jobs = tasks.map(([what, trackId, recipe]) => ({
    what,
    job: { source: clip.source, trackId, recipe, segmentS, from: 0 },
  }))
  try {
    // First, while this process has not loaded the encoder: that is loaded once for all threads.
    await measureCold(context, settings, jobs[0]!.job)
    await measureEncoder(context, name, path, tasks)
    await measureProcesses(context, settings, jobs)
  } finally {
    await clip.close()
  }
}

async function measureEncoder(
  context: BenchContext,
  name: 'node-av' | 'ffmpeg',
  path: string,
  tasks: readonly Task[],
): Promise<void> {
  const encoder = await createEncoder(name)
  for (const [what, trackId, recipe] of tasks) {
    const runs: Made[] = []
    for (let round = 0; round < context.pick(3, 1, 1); round++)
      runs.push(await transcode(encoder, path, trackId, recipe, context.pick(Number.POSITIVE_INFINITY, 8, 2)))
    context.report({
      figure: `${what}, CPU seconds a media second`,
      unit: 's',
      samples: runs.map((made) => made.cpuS / made.mediaS),
      beside: `${name}; wall ${(runs[0]!.wallS / runs[0]!.mediaS).toFixed(2)} s a media second`,
    })
    context.report({
      figure: `${what}, time to the first segment of ${segmentS} s`,
      unit: 'ms',
      samples: runs.map((made) => made.firstMs),
    })
  }
}

/** Each round runs a job on both sides, in turn. */
async function measureProcesses(
  context: BenchContext,
  settings: TranscodeSettings,
  jobs: readonly { readonly what: string; readonly job: TranscodeJob }[],
): Promise<void> {
  const longestS = context.pick(Number.POSITIVE_INFINITY, 8, 2)
  const [inProcess, inThread] = [processSide(settings), threadSide(settings)]
  for (const { what, job } of jobs) {
    const runs: Record<'process' | 'thread', Run[]> = { process: [], thread: [] }
    for (const side of [inProcess, inThread]) await side.run(job, 2)
    for (let round = 0; round < context.pick(8, 3, 1); round++) {
      const turn = [['process', inProcess] as const, ['thread', inThread] as const]
      for (const [which, side] of round % 2 === 0 ? turn : turn.reverse())
        runs[which].push(await side.run(job, longestS))
    }
    report(context, what, runs.process, runs.thread)
  }
  await Promise.all([inProcess.close(), inThread.close()])
}

type Run = Awaited<ReturnType<Side['run']>>
const costOf = ({ cpuS, mediaS }: Run) => cpuS / mediaS
const firstOf = ({ firstMs }: Run) => firstMs

function report(context: BenchContext, what: string, inProcess: readonly Run[], inThread: readonly Run[]): void {
  const [above, below] = [inProcess.map(costOf), inThread.map(costOf)]
  context.report({
    figure: `${what}, CPU a media second in a process against a thread`,
    unit: 'x',
    samples: ratios(above, below),
    goal: atMost(1.1, 'x'),
    beside: `${median(above).toFixed(4)} s and ${median(below).toFixed(4)} s`,
  })
  reportLater(context, `${what}, first segment from a process later than from a thread`, inProcess, inThread, 20)
}

function reportLater(
  context: BenchContext,
  figure: string,
  inProcess: readonly Run[],
  inThread: readonly Run[],
  goalMs?: number,
): void {
  const [later, sooner] = [inProcess.map(firstOf), inThread.map(firstOf)]
  context.report({
    figure,
    unit: 'ms',
    samples: later.map((ms, round) => ms - (sooner[round] ?? sooner[0]!)),
    ...(goalMs !== undefined && { goal: atMost(goalMs, 'ms') }),
    beside: `${median(later).toFixed(1)} ms and ${median(sooner).toFixed(1)} ms`,
  })
}

/** The first job of all, which also waits for the process and the encoder. The peer is one thread: a second finds it loaded. */
async function measureCold(context: BenchContext, settings: TranscodeSettings, job: TranscodeJob): Promise<void> {
  const once = async (side: Side) => {
    const made = await side.run(job, 2)
    await side.close()
    return made
  }
  const inProcess: Run[] = []
  for (let round = 0; round < context.pick(5, 2, 1); round++) inProcess.push(await once(processSide(settings)))
  const inThread = [await once(threadSide(settings))]
  reportLater(
    context,
    'first segment of the first job of all, from a process later than from a thread',
    inProcess,
    inThread,
  )
}
