// Benchmarks of streams: a viewer in this process takes a stream of this server, and a file says how it went.
import { access, constants } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { makeFolder } from '../base/folder.ts'
import { processCpuS } from '../base/host.ts'
import { see } from '../base/troubleshooting.ts'
import { engineDoor } from '../client/engine-door.ts'
import { measure } from '../client/measure.ts'
import { openViewer } from '../client/viewer.ts'
import type { Engine } from '../engine/engine.ts'
import type { BenchmarkAnswer, BenchmarkRequest, BenchmarkRun, RunBenchmark } from '../model/benchmark.ts'
import { benchmarkReport } from '../report/benchmark.ts'
import type { ReportThread } from './report-thread.ts'

/** Each takes CPU from the viewers, and from the other. */
const maxAtOnce = 2

interface BenchmarksDeps {
  readonly engine: Engine
  readonly thread: Pick<ReportThread, 'call'>
  readonly reportFolder: string
  readonly clock: Clock
}

export interface Benchmarks {
  readonly run: RunBenchmark
  /** Ends those that go on. */
  close(): void
}

export function createBenchmarks(deps: BenchmarksDeps): Benchmarks {
  const closing = new AbortController()
  let running = 0

  return {
    async run(request) {
      const folder = folderBelow(deps.reportFolder, request.folder)
      if (running >= maxAtOnce)
        throw new McpxError('RATE_LIMITED', `${maxAtOnce} benchmarks are running`, {
          hint: 'Try again when one is over.',
        })
      running++
      try {
        await mustBeWritable(resolve(deps.reportFolder, folder))
        return await benchmark(request, folder, AbortSignal.any([closing.signal, request.signal]), deps)
      } finally {
        running--
      }
    },
    close: () => closing.abort(new McpxError('INTERRUPTED', 'the server stops')),
  }
}

/** Relative to the folder of reports. Throws INVALID_REQUEST for what is not in it. */
function folderBelow(reportFolder: string, folder = 'benchmarks'): string {
  const wanted = resolve(reportFolder, folder)
  if (wanted === reportFolder || wanted.startsWith(reportFolder + sep)) return wanted.slice(reportFolder.length + 1)
  throw new McpxError('INVALID_REQUEST', `output_dir: ${folder.slice(0, 200)} is not in the folder of reports`, {
    hint: 'Name a folder in that of --report-path, or none.',
  })
}

/** Before a minute is spent on what cannot be kept. */
async function mustBeWritable(folder: string): Promise<void> {
  try {
    makeFolder(folder)
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new McpxError('INVALID_OPTION', `--report-path: ${(error as Error).message}`, {
      cause: error,
      hint: `Name a folder that this user may write to. ${see('no-reports-or-dashboards-are-written')}`,
    })
  }
}

async function benchmark(
  request: BenchmarkRequest,
  folder: string,
  signal: AbortSignal,
  { engine, thread, reportFolder, clock }: BenchmarksDeps,
): Promise<BenchmarkAnswer> {
  const run = await watchOne(request, signal, engine, clock)
  const config = { content: request.content, duration_sec: request.durationS, quality: request.quality ?? 'auto' }
  const path = await thread.call('benchmark', { run, config, format: request.format, folder })
  return { id: run.connectionId, path: relative(reportFolder, path), summary: benchmarkReport(run, config).summary }
}

async function watchOne(
  request: BenchmarkRequest,
  signal: AbortSignal,
  engine: Engine,
  clock: Clock,
): Promise<BenchmarkRun> {
  const { createPeer } = await import('../client/peer.ts')
  const { owner, onOpen } = request
  const { door, opened } = engineDoor(engine, { owner, loop: true, signal, ...(onOpen && { onOpen }) })
  const viewer = await openViewer(request, { door, clock, createPeer: () => createPeer({ clock }) })
  try {
    const { stream, answer } = opened()
    return await measure(
      viewer,
      { connectionId: stream.id, content: stream.content, candidates: candidatesOf(answer) },
      { clock, signal, durationS: request.durationS, stats: () => engine.stats(stream.id), cpuS: processCpuS },
    )
  } finally {
    await viewer.close()
  }
}

/** RFC 8839: how many of each type. */
function candidatesOf(sdp: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const [, type = ''] of sdp.matchAll(/^a=candidate:.* typ (host|srflx|prflx|relay)/gm))
    counts[type] = (counts[type] ?? 0) + 1
  return counts
}
