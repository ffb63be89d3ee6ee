// Watches an ffmpeg that works beside this process: one that hangs or takes too much memory is ended.
import { type Clock, every, systemClock } from '../../base/clock.ts'
import { McpxError } from '../../base/errors.ts'
import { rssOf } from '../../base/process-memory.ts'

export interface FfmpegBounds {
  /** Resident memory at the most; no bound when absent. */
  readonly maxRssBytes?: number
  /** How long it may take nothing and give nothing while both are waited for. */
  readonly silentMs?: number
  readonly clock?: Clock
}

export interface FfmpegWatch {
  /** Hands on what ffmpeg gives, and knows when that is waited for. */
  read<T>(output: AsyncIterable<T>): AsyncGenerator<T>
  /** Waits for ffmpeg to take something, or to end. */
  until(taken: Promise<unknown>): Promise<void>
  /** Why it was ended here: TRANSCODE_FAILED. */
  readonly failure: McpxError | undefined
  stop(): void
}

const lookMs = 500

export function watchFfmpeg(
  pid: number,
  { maxRssBytes, silentMs = 15_000, clock = systemClock }: FfmpegBounds,
  kill: () => void,
): FfmpegWatch {
  let failure: McpxError | undefined
  let isRead = false
  let waits = 0
  let silentSinceMs = clock.now()

  function end(message: string): void {
    failure ??= new McpxError('TRANSCODE_FAILED', message)
    kill()
  }

  async function lookAtMemory(): Promise<void> {
    const rssBytes = await rssOf(pid)
    if (maxRssBytes !== undefined && rssBytes !== undefined && rssBytes > maxRssBytes)
      end(`transcoding took more than ${Math.round(maxRssBytes / 2 ** 20)} MiB of memory`)
  }

  const timer = every(clock, lookMs, () => {
    // Where nobody reads, or there is nothing to give it, it may rest.
    if (!isRead || waits === 0) silentSinceMs = clock.now()
    if (clock.now() - silentSinceMs > silentMs)
      end(`transcoding hung: nothing came from FFmpeg for ${Math.round(silentMs / 1000)} s`)
    if (maxRssBytes !== undefined) void lookAtMemory()
  })

  return {
    async *read(output) {
      isRead = true
      for await (const piece of output) {
        isRead = false
        yield piece
        silentSinceMs = clock.now()
        isRead = true
      }
    },
    async until(taken) {
      waits++
      await taken
      waits--
      silentSinceMs = clock.now()
    },
    get failure() {
      return failure
    },
    stop: () => timer.cancel(),
  }
}
