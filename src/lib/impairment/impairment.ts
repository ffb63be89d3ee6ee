// What a network path does to packets: rate, queue, delay, jitter and loss, each way by itself, and how that changes over time.

/** One way of a path. What is absent is as good as it can be. */
export interface LinkConditions {
  /** Bits per second, IP and UDP headers counted. */
  readonly rateBps?: number
  /** Delivery opportunities in place of a rate (Mahimahi): milliseconds from the start, not decreasing, repeated with the last as period. */
  readonly trace?: readonly number[]
  /** What waits longer than this, at the present rate, is dropped at the tail. Absent: `defaultQueueMs`. */
  readonly queueMs?: number
  readonly delayMs?: number
  /** Added to the delay, evenly spread between 0 and this; never reorders. */
  readonly jitterMs?: number
  /** Share from 0 to 1. */
  readonly lossRatio?: number
  /** Mean length of a burst of losses in packets (Gilbert-Elliott). Absent: each packet is lost or not by itself. */
  readonly burstLength?: number
  /** Nothing passes. */
  readonly isOffline?: true
}

/** Of a rate or trace without a queue of its own, as in RFC 8867. */
export const defaultQueueMs = 300

/** What a datagram takes on the link besides its payload: IPv4 and UDP. IPv6 would take 48. */
export const headerBytes = 28

export interface PathConditions {
  readonly up: LinkConditions
  readonly down: LinkConditions
}

export interface ConditionStep extends PathConditions {
  readonly atMs: number
}

/** Plain data: it may cross to another thread. */
export interface Impairment {
  /** As it was asked for. */
  readonly text: string
  /** In the order of time; the first is from 0. */
  readonly steps: readonly ConditionStep[]
}
