// Paths that have a name. The word after the name is where the figures are from.

/** Written as one would write them out. */
export const presets = {
  /** WebPageTest's profile "LTE" (connectivity.ini): 12 Mbps both ways, 70 ms there and back. */
  lte: 'rate=12mbps,delay=35ms',
  /** WebPageTest's profile "3G": 1.6 Mbps down, 768 kbps up, 300 ms there and back. */
  '3g': 'down.rate=1600kbps,up.rate=768kbps,delay=150ms',
  /**
   * Reasoned, not measured: at the edge of the cell the slow modes remain; waiting for the air and sending again show as jitter, and what
   * is given up after that is lost in bursts.
   */
  'bad-wifi': 'rate=5mbps,delay=5ms,jitter=40ms,loss=2%,burst-loss=4',
  /**
   * Reasoned: to a geostationary satellite and back to the ground are 2 x 35,786 km, 239 ms of light, and access to a shared channel
   * takes some tens of milliseconds more. The rates are those of a household's contract.
   */
  satellite: 'down.rate=20mbps,up.rate=3mbps,delay=280ms,jitter=20ms',
} as const satisfies Record<string, string>

/** Not a state of the path but something that happens to it: nothing passes for so long, then it is as it was. */
export const outage = { name: 'offline-3s', lengthMs: 3000, afterMs: 10_000 } as const

export const presetNames: readonly string[] = [...Object.keys(presets), outage.name]
