// How this page's clock stands to the tool's: both run on one machine, from different beginnings.

const exchanges = 5

/**
 * What is added to a time of the tool to make it one of `performance.now()`. Of several exchanges the fastest is believed: what it
 * can be wrong by is half of what it took.
 */
export async function clockOffsetMs(ask: () => Promise<number>, now = () => performance.now()): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, offsetMs: 0 }
  for (let i = 0; i < exchanges; i++) {
    const sentMs = now()
    const toolMs = await ask()
    const tookMs = now() - sentMs
    if (tookMs < best.tookMs) best = { tookMs, offsetMs: sentMs + tookMs / 2 - toolMs }
  }
  return best.offsetMs
}
