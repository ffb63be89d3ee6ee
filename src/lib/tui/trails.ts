// The last samples of each connection, for the charts.
import type { LiveConnection, LiveSample } from '../protocol/live.ts'

/** Ten minutes at the usual interval of two seconds. */
const maxSamples = 300

export interface Trails {
  /** Takes the newest samples in, and forgets connections that are not listed any more. */
  add(connections: readonly LiveConnection[]): void
  /** Oldest first, up to a moment. */
  of(id: string, untilMs: number): readonly LiveSample[]
}

export function createTrails(): Trails {
  const trails = new Map<string, LiveSample[]>()
  return {
    add(connections) {
      const listed = new Set(connections.map(({ id }) => id))
      for (const id of trails.keys()) if (!listed.has(id)) trails.delete(id)
      for (const { id, sample } of connections) {
        if (!sample) continue
        const trail = trails.get(id) ?? []
        if (sample.atMs > (trail.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY)) trail.push(sample)
        if (trail.length > maxSamples) trail.splice(0, trail.length - maxSamples)
        trails.set(id, trail)
      }
    },
    of: (id, untilMs) => (trails.get(id) ?? []).filter(({ atMs }) => atMs <= untilMs),
  }
}
