// Errors that nobody waited for: what a timer throws, and an exception or a rejection that nobody caught. Said, but not at every turn.
import { systemClock } from './clock.ts'
import { McpxError } from './errors.ts'
import type { Logger } from './logger.ts'
import { wordsOf } from './plain-text.ts'

/** The same message is said again after this long. */
const calmMs = 60_000
/** Messages that are remembered. */
const maxMessages = 100

export type StrayLog = (error: unknown, what: string) => void

/** Logs each message at most once in a minute, and then how often it came. */
export function createStrayLog(logger: Logger, clock: Pick<typeof systemClock, 'now'> = systemClock): StrayLog {
  const said = new Map<string, { atMs: number; times: number }>()
  return (error, what) => {
    const message = `${what}: ${wordsOf(error)}`
    const before = said.get(message)
    if (before && clock.now() - before.atMs < calmMs) {
      before.times++
      return
    }
    said.delete(message)
    if (said.size >= maxMessages) said.delete(said.keys().next().value!)
    said.set(message, { atMs: clock.now(), times: 0 })
    const isContent = error instanceof McpxError && error.code !== 'INTERNAL'
    const repeated = before && before.times > 0 ? { timesSince: before.times } : {}
    logger[isContent ? 'debug' : 'warn']({ error: wordsOf(error), ...repeated }, what)
  }
}
