// What nobody caught in a worker thread: by default Node would end the thread, and with it the streams of everybody. A demuxer leaves
// rejections behind on damaged content (mediabunny 1.61, HLS); a timer of WebRTC or of ours may meet a process without descriptors.
import type { Logger } from '../base/logger.ts'
import { createStrayLog } from '../base/stray-errors.ts'

/** Logs rejections and exceptions from now on, each message once in a while. Of a worker that is stuck the watchdog knows. */
export function surviveStrays(logger: Logger): void {
  const say = createStrayLog(logger)
  process.on('unhandledRejection', (error) => say(error, 'a rejection that nobody waited for'))
  process.on('uncaughtException', (error) => say(error, 'an exception that nobody caught'))
}
