// What a network path does to packets: rate, queue, delay, jitter and loss, each way by itself, and how that changes over time.

/** One way of a path. What is absent is as good as it can be. */
export interface LinkConditions {
  /** Bits per second, IP and UDP headers counted. */
  readonly rateBps?: number
  /** Delivery opportunities in place of a rate (Mahimahi): milliseconds from the start, not decreasing, repeated with the last as period. */
  readonly trace?: readonly number[]
  /** What waits longer than this, at the present rate, is dropped at the tail. */
  readonly queueMs?: number
  readonly delayMs?: number
  /** Added to the delay, between 0 and this; never reorders. */
  readonly jitterMs?: number
  /** Share from 0 to 1. */
  readonly lossRatio?: number
  /** Mean length of a burst of losses in packets (Gilbert-Elliott); 1 or absent: independent. */
  readonly burstLength?: number
}

export interface PathConditions {
  readonly up: LinkConditions
  readonly down: LinkConditions
}

export interface Impairment {
  /** As it was asked for. */
  readonly text: string
  /** In the order of time; the first is from 0. */
  readonly steps: readonly (PathConditions & { readonly atMs: number })[]
}
