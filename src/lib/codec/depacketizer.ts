// RTP payloads back into frames.

export interface Depacketizer {
  /** Whether this payload says that a frame begins with it, so that what was lost before it does not matter. */
  isStart(payload: Buffer): boolean
  /** The frame of a complete run of payloads; undefined when they make no sense together. */
  join(payloads: readonly Buffer[]): { data: Buffer; isKey: boolean } | undefined
}

/**
 * The bodies of payloads behind a descriptor each, whose length `headerLength` says; undefined when one ends inside it (-1).
 */
export function stripDescriptors(
  payloads: readonly Buffer[],
  headerLength: (payload: Buffer) => number,
): Buffer | undefined {
  const bodies: Buffer[] = []
  for (const payload of payloads) {
    const length = headerLength(payload)
    if (length < 0) return undefined
    bodies.push(payload.subarray(length))
  }
  return bodies.length === 0 ? undefined : Buffer.concat(bodies)
}
