// Preloaded into the process of a bench and so into its worker threads: tells what one thread uses, collects its garbage and
// profiles it, when the main thread asks.
import { readFileSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads'

const channelName = 'mcpx-bench-probe'

export interface ThreadSample {
  readonly kind: 'media' | 'other'
  readonly index: number
  readonly cpuUs: number
  /** How long it was ready to run and had no core, on Linux: what other processes do to it. */
  readonly waitedUs: number | undefined
  readonly heapBytes: number
  /** Garbage collection since the thread began. */
  readonly gcMs: number
  /** The longest pause for it since the last sample. */
  readonly gcMaxMs: number
  /** What keeps the thread's loop alive, by type. */
  readonly handles: Readonly<Record<string, number>>
}

type Ask = { readonly id: number; readonly gc?: boolean; readonly profile?: 'start' | { readonly file: string } }

const kindOf = (data: unknown): ThreadSample['kind'] => {
  if (typeof data !== 'object' || data === null) return 'other'
  return 'peer' in data ? 'media' : 'other'
}

/** Second field of schedstat: nanoseconds in the run queue. The file is the calling thread's own. */
function waitedUs(): number | undefined {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / 1000
  } catch {
    return undefined
  }
}

const collected = { totalMs: 0, maxMs: 0 }

function watchGarbage(): void {
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      collected.totalMs += duration
      collected.maxMs = Math.max(collected.maxMs, duration)
    }
  }).observe({ entryTypes: ['gc'] })
}

function sample(): ThreadSample {
  const { user, system } = process.threadCpuUsage()
  const handles: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) handles[name] = (handles[name] ?? 0) + 1
  const gc = { gcMs: collected.totalMs, gcMaxMs: collected.maxMs }
  collected.maxMs = 0
  return {
    ...gc,
    kind: kindOf(workerData),
    index: (workerData as { index?: number } | null)?.index ?? 0,
    cpuUs: user + system,
    waitedUs: waitedUs(),
    heapBytes: getHeapStatistics().used_heap_size,
    handles,
  }
}

let session: Session | undefined

async function profile(ask: NonNullable<Ask['profile']>): Promise<void> {
  if (kindOf(workerData) !== 'media') return
  if (ask === 'start') {
    session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 500 })
    await session.post('Profiler.start')
    return
  }
  const result = await session?.post('Profiler.stop')
  session?.disconnect()
  if (result) writeFileSync(ask.file, JSON.stringify((result as { profile: unknown }).profile))
}

if (!isMainThread && kindOf(workerData) !== 'other') {
  watchGarbage()
  const channel = new BroadcastChannel(channelName)
  channel.onmessage = async (message) => {
    const ask = (message as MessageEvent).data as Ask
    if (!('id' in ask) || 'answer' in ask) return
    if (ask.gc) globalThis.gc?.()
    if (ask.profile) await profile(ask.profile)
    channel.postMessage({ id: ask.id, answer: sample() })
  }
  channel.unref()
}

/** Asks the worker threads of the server in this process; needs `--import` of this file and `count` workers that run. */
export function createProbe(count: number): {
  ask(what?: Omit<Ask, 'id'>): Promise<ThreadSample[]>
  /** Only the media workers. */
  media(what?: Omit<Ask, 'id'>): Promise<ThreadSample[]>
  close(): void
} {
  const channel = new BroadcastChannel(channelName)
  let nextId = 1
  const ask = async (what: Omit<Ask, 'id'> = {}): Promise<ThreadSample[]> => {
    const id = nextId++
    const answers: ThreadSample[] = []
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(
      () => reject(new Error(`${answers.length} of ${count} threads answered the probe`)),
      120_000,
    )
    channel.onmessage = (message) => {
      const data = (message as MessageEvent).data as { id: number; answer?: ThreadSample }
      if (data.id !== id || !data.answer) return
      answers.push(data.answer)
      if (answers.length >= count) resolve()
    }
    channel.postMessage({ id, ...what })
    await promise.finally(() => clearTimeout(timer))
    return answers
  }
  return {
    ask,
    media: async (what) => (await ask(what)).filter((one) => one.kind === 'media').sort((a, b) => a.index - b.index),
    close: () => channel.close(),
  }
}
