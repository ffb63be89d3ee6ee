// The log files of --log-dir are turned over before they are too large.
import { join } from 'node:path'
import { type Clock, every } from '../base/clock.ts'
import { logFileNames, type Rotation, rotateLogFile } from '../base/log-file.ts'
import { createTroubleLog } from '../base/log-trouble.ts'
import type { Logger } from '../base/logger.ts'

export const logRotation: Rotation = { maxBytes: 10 * 2 ** 20, kept: 5 }
const lookMs = 10_000

/** Looks now and again and again; returns what ends it. Of all threads that write only the main one calls this. */
export function rotateLogFiles(folder: string, { clock, logger }: { clock: Clock; logger: Logger }): () => void {
  const trouble = createTroubleLog(logger, {
    failed: 'log files cannot be turned over: they grow',
    worked: 'log files are turned over again',
  })

  function look(): void {
    try {
      for (const name of Object.values(logFileNames)) rotateLogFile(join(folder, name), logRotation)
      trouble.worked()
    } catch (error) {
      trouble.failed(error)
    }
  }

  look()
  const timer = every(clock, lookMs, look)
  return () => timer.cancel()
}
