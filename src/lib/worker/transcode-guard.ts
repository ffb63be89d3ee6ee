// Watches a transcode process from a thread of its own, which runs on while native code holds the main thread: ends the process
// when the server is gone, and when it takes too much memory.
import { writeSync } from 'node:fs'
import { isMainThread, workerData } from 'node:worker_threads'
import { residentBytes } from '../base/host.ts'
import { killProcess } from '../base/spawn-process.ts'
import { spawnWorker } from '../base/spawn-worker.ts'

const lookMs = 100
const stderr = 2
/** Said before the end, so that the server can tell why. */
export const outOfMemoryLine = 'mcpx: this transcode took too much memory'

interface GuardSettings {
  readonly parentPid: number
  readonly maxRssBytes: number
}

/** Starts the thread. It does not keep the process alive. */
export function startGuard(settings: GuardSettings): void {
  const limits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 }
  spawnWorker('./transcode-guard', import.meta.url, settings, limits).unref()
}

/** On POSIX an orphan gets another parent; on Windows it keeps the number of the old one. */
function isOrphan(parentPid: number): boolean {
  if (process.ppid !== parentPid) return true
  try {
    process.kill(parentPid, 0)
    return false
  } catch {
    return true
  }
}

function look({ parentPid, maxRssBytes }: GuardSettings): void {
  const isTooLarge = residentBytes() > maxRssBytes
  if (isTooLarge) say(outOfMemoryLine)
  if (isTooLarge || isOrphan(parentPid)) killProcess(process.pid)
}

function say(line: string): void {
  try {
    writeSync(stderr, `${line}\n`)
  } catch {
    // The pipe is full or gone.
  }
}

if (!isMainThread) {
  const settings = workerData as GuardSettings
  setInterval(look, lookMs, settings)
}
