// How long an Opus packet plays, from its first bytes (RFC 6716 3.1): containers round it, or do not say.

const silkMs = [10, 20, 40, 60]
const hybridMs = [10, 20]
const celtMs = [2.5, 5, 10, 20]

/** Seconds that the packet plays; 0 for one that is empty or over the 120 ms that a packet may hold. */
export function opusDurationS(packet: Uint8Array): number {
  const toc = packet[0]
  if (toc === undefined) return 0
  const configuration = toc >> 3
  const frameMs =
    configuration < 12
      ? silkMs[configuration & 3]!
      : configuration < 16
        ? hybridMs[configuration & 1]!
        : celtMs[configuration & 3]!
  const code = toc & 3
  const count = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f
  const totalMs = frameMs * count
  return totalMs > 120 ? 0 : totalMs / 1000
}
