// Rejections that nobody waits for, in a worker thread. A demuxer leaves some behind on damaged content (mediabunny 1.61, HLS); by
// default Node would end the thread, and with it the streams of everybody else.
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'

/** Logs them from now on. Exceptions that are thrown and not caught still end the thread. */
export function surviveStrayRejections(logger: Logger): void {
  process.on('unhandledRejection', (error) => {
    const isContent = error instanceof McpxError && error.code !== 'INTERNAL'
    logger[isContent ? 'debug' : 'warn']({ error: String(error) }, 'a rejection that nobody waited for')
  })
}
