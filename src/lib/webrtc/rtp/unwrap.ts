// Counters that come round.

/** The number nearest to `near` that is `value` modulo `modulus`; of two that are equally near the larger one. */
export function unwrap(value: number, near: number, modulus: number): number {
  const ahead = (((value - near) % modulus) + modulus) % modulus
  return near + (ahead > modulus / 2 ? ahead - modulus : ahead)
}
