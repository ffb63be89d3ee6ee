// Keeps what has not changed the same object, so that the panels that show it are left alone.
import type { LiveState } from '../../lib/protocol/live.ts'

const keep = <T>(before: readonly T[], next: readonly T[]): readonly T[] =>
  before.length === next.length && before.every((one, at) => one === next[at]) ? before : next

/** `next`, with the lists of `before` where they hold the same. */
export function keepLists(before: LiveState | undefined, next: LiveState): LiveState {
  if (!before) return next
  return {
    ...next,
    operations: keep(before.operations, next.operations),
    tasks: keep(before.tasks, next.tasks),
    events: keep(before.events, next.events),
    workers: keep(before.workers, next.workers),
  }
}

/** Each text with the number of its kind: no two are the same. What stands in a list is known by it when others come before. */
export function distinctKeys(texts: readonly string[]): string[] {
  const counts = new Map<string, number>()
  return texts.map((text) => {
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    return `${count} ${text}`
  })
}
