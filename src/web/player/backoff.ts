// How long to wait before the next try to connect: 0.5 s, doubling to 10 s, with jitter so that many viewers of one
// restarted server do not come back in the same instant.

const firstMs = 500
const longestMs = 10_000

/** Delay in ms before try number `attempt` (1 is the first repeat). `random` gives 0 ≤ x < 1. */
export function backoffMs(attempt: number, random: () => number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.max(0, Math.min(attempt, 16) - 1))
  return Math.round(full * (0.8 + 0.2 * random()))
}
