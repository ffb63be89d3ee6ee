// How long an Opus packet plays, from its first bytes (RFC 6716 3.1): containers round it, or do not say.

const sampleRate = 48_000
/** A packet may hold 120 ms. */
const maxSamples = 5760

/** Samples at 48 kHz by which a packet moves time on; 0 for an empty one, at most 120 ms. */
export const opusSamples = (packet: Uint8Array): number => Math.min(claimedSamples(packet), maxSamples)

/** Seconds that the packet plays; 0 for one that is empty or claims more than a packet may hold. */
export function opusDurationS(packet: Uint8Array): number {
  const samples = claimedSamples(packet)
  return samples > maxSamples ? 0 : samples / sampleRate
}

function claimedSamples(packet: Uint8Array): number {
  const toc = packet[0]
  if (toc === undefined) return 0
  const code = toc & 3
  const count = code === 0 ? 1 : code === 3 ? (packet[1] ?? 0) & 63 : 2
  return count * frameSamples(toc >> 3)
}

/** SILK: 10, 20, 40, 60 ms; hybrid: 10, 20 ms; CELT: 2.5, 5, 10, 20 ms. */
function frameSamples(configuration: number): number {
  if (configuration >= 16) return 120 << (configuration & 3)
  if (configuration >= 12) return 480 << (configuration & 1)
  return (configuration & 3) === 3 ? 2880 : 480 << (configuration & 3)
}
