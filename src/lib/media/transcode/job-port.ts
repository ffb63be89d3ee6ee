// A transcode job over a message port: the side that makes segments and the side that asks for them.
import type { MessagePort } from 'node:worker_threads'
import { fromErrorRecord, McpxError, toErrorRecord } from '../../base/errors.ts'
import type { TranscodeInput, TranscodeJob, TranscodeOutput } from '../../protocol/media-plane.ts'
import { type RunJobDeps, runTranscodeJob, type Segment } from './run-job.ts'

type JobPort = Pick<MessagePort, 'postMessage' | 'on' | 'close'>

/** Runs a job for the other end of `port`: as many segments as it grants, until it cancels or goes away. Never rejects. */
export async function serveJob(
  port: JobPort,
  job: TranscodeJob,
  deps: Pick<RunJobDeps, 'openSource' | 'encoder'> & { readonly signal?: AbortSignal },
): Promise<void> {
  const stop = new AbortController()
  const signal = deps.signal ? AbortSignal.any([stop.signal, deps.signal]) : stop.signal
  let credits = 0
  let granted: (() => void) | undefined
  port.on('message', (input: TranscodeInput) => {
    if (input.t === 'cancel') stop.abort(new McpxError('INTERRUPTED', 'the job was cancelled'))
    if (input.t !== 'credit' || !(input.segments > 0)) return
    credits += input.segments
    granted?.()
  })
  port.on('close', () => stop.abort(new McpxError('INTERRUPTED', 'the asker of the job is gone')))
  signal.addEventListener('abort', () => granted?.(), { once: true })

  async function credit(): Promise<void> {
    while (credits < 1) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        granted = resolve
      })
    }
    credits--
  }

  const emit = (output: TranscodeOutput, transfer: ArrayBuffer[]) => port.postMessage(output, transfer)
  try {
    await runTranscodeJob(job, { ...deps, emit, credit, signal })
  } catch (error) {
    if (!stop.signal.aborted) emit({ t: 'failed', error: toErrorRecord(error) }, [])
  }
  if (stop.signal.aborted) port.close()
}

/** A job under way, as its asker sees it. */
export interface RunningJob {
  /** In order. Ends after the last of the source; rejects with what went wrong. */
  readonly segments: AsyncIterable<Segment>
  /** Lets so many more be made. */
  grant(segments: number): void
}

/** The asker's end. `signal` cancels the job; the port is closed when the job is over. */
export function askJob(port: JobPort, signal: AbortSignal): RunningJob {
  const queue: TranscodeOutput[] = []
  let wake: (() => void) | undefined
  let isGone = false
  const changed = () => wake?.()
  port.on('message', (output: TranscodeOutput) => {
    queue.push(output)
    changed()
  })
  port.on('close', () => {
    isGone = true
    changed()
  })
  const send = (input: TranscodeInput) => port.postMessage(input)
  const cancel = () => {
    send({ t: 'cancel' })
    changed()
  }
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })

  async function* segments(): AsyncGenerator<Segment> {
    try {
      for (;;) {
        signal.throwIfAborted()
        const output = queue.shift()
        if (output?.t === 'failed') throw fromErrorRecord(output.error)
        if (output) yield output
        if (output?.isLast) return
        if (queue.length > 0) continue
        if (isGone) throw new McpxError('INTERNAL', 'the transcode worker went away')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      if (!signal.aborted) port.close()
    }
  }

  return { segments: segments(), grant: (segments) => send({ t: 'credit', segments }) }
}
