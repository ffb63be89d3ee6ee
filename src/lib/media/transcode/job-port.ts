// A transcode job over a port: the side that makes segments and the side that asks for them.
import { fromErrorRecord, McpxError, toErrorRecord } from '../../base/errors.ts'
import type { TranscodeInput, TranscodeJob, TranscodeOutput } from '../../protocol/media-plane.ts'
import { type RunJobDeps, runTranscodeJob, type Segment } from './run-job.ts'

/** One end of a connection for messages. */
export interface JobPort<Out, In> {
  /** `transfer` are buffers that may go with it. */
  postMessage(message: Out, transfer: ArrayBuffer[]): void
  onMessage(listener: (message: In) => void): void
  /** Either end has closed it, or is gone; called at once when that has happened before. */
  onClose(listener: () => void): void
  close(): void
}

/** Runs a job for the other end of `port`: as many segments as it grants, until it cancels or goes away. Never rejects. */
export async function serveJob(
  port: JobPort<TranscodeOutput, TranscodeInput>,
  job: TranscodeJob,
  deps: Pick<RunJobDeps, 'openSource' | 'encoder'> & { readonly signal?: AbortSignal },
): Promise<void> {
  const stop = new AbortController()
  const signal = deps.signal ? AbortSignal.any([stop.signal, deps.signal]) : stop.signal
  let credits = 0
  let granted: (() => void) | undefined
  port.onMessage((input) => {
    if (input.t === 'cancel') stop.abort(new McpxError('INTERRUPTED', 'the job was cancelled'))
    if (input.t !== 'credit' || !(input.segments > 0)) return
    credits += input.segments
    granted?.()
  })
  port.onClose(() => stop.abort(new McpxError('INTERRUPTED', 'the asker of the job is gone')))
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

/** The asker's end. `signal` cancels the job; the port is closed when the job is over. Rejects with TRANSCODE_FAILED when it is gone. */
export function askJob(port: JobPort<TranscodeInput, TranscodeOutput>, signal: AbortSignal): RunningJob {
  const queue: TranscodeOutput[] = []
  let wake: (() => void) | undefined
  let isGone = false
  /** Segments that may still come: one that nobody granted is not kept. */
  let granted = 0
  const changed = () => wake?.()
  port.onMessage((output) => {
    if (output.t === 'segment' && granted-- <= 0) isGone = true
    if (!isGone) queue.push(output)
    // Nothing comes after it: one who goes on all the same fills nothing.
    if (output.t === 'failed') isGone = true
    changed()
  })
  port.onClose(() => {
    isGone = true
    changed()
  })
  const send = (input: TranscodeInput) => port.postMessage(input, [])
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
        if (isGone) throw new McpxError('TRANSCODE_FAILED', 'the transcode went away')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      if (!signal.aborted) port.close()
    }
  }

  function grant(segments: number): void {
    granted += segments
    send({ t: 'credit', segments })
  }

  return { segments: segments(), grant }
}
