// Runs around every test file: what a file opened (sockets, servers, threads, processes, watches) is closed when it ends.
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll } from 'vitest'

const patienceMs = 3000
/** Left out: timers and the pipe to the test runner, which are its own, and operations that end by themselves. */
const isHandle = (kind: string) => !/^(Timeout|Immediate|PipeWrap|TickObject|\w*Req\w*|\w+REQUEST)$/.test(kind)

function counted(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo().filter(isHandle)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

const before = counted()

/** Handles that were not there before, as `2 TCPServerWrap`. */
const leftOpen = () =>
  [...counted()].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0)
    return more > 0 ? [`${more} ${kind}`] : []
  })

// Hooks run last in, first out: this one after those of the file.
afterAll(async () => {
  const deadlineMs = performance.now() + patienceMs
  while (leftOpen().length > 0 && performance.now() < deadlineMs) await wait(20)
  const left = leftOpen()
  if (left.length > 0) throw new Error(`the test file left open: ${left.join(', ')}`)
})
