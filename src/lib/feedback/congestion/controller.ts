// What decides how fast one connection may send. Sans-IO: what has happened comes in with its time, what may be done is read from
// `allowance`. No clock is read inside, nothing is scheduled, nothing is sent.
import type { PacketFeedback, PacketKind } from '../../model/packet-report.ts'

/** How often `onTick` is to be called at least. */
export const congestionTickMs = 25

/** A short run of packets faster than the target, to find out whether the path takes more. */
export interface ProbeRequest {
  /** Grows by one with each probe: one that has been seen is not to be sent again. */
  readonly id: number
  readonly bitrateBps: number
  /** It takes both, at least. */
  readonly packets: number
  readonly byteLength: number
}

/** What one connection may send. Rates count whole datagrams of all kinds, as PacketReport does, without UDP and IP. */
export interface SendAllowance {
  /** What media, retransmissions and padding together should come to over a second or so. */
  readonly targetBps: number
  /** How fast packets may follow each other within a frame or a burst; never below the target. */
  readonly pacingBps: number
  /** Where media comes to less than this, the rest is to be filled up; 0 for no padding. */
  readonly paddingBps: number
  /** What is to be sent besides, once. */
  readonly probe?: ProbeRequest
}

/** One for each connection: media, retransmissions and probes of all its streams share the path. Times are of one monotonic clock. */
export interface CongestionController {
  /** A packet has left. Called for each: it must make nothing. */
  onSent(kind: PacketKind, byteLength: number, atMs: number): void
  onFeedback(feedback: PacketFeedback): void
  /** The viewer's own estimate for all streams together (REMB), from one that gives no feedback on packets. */
  onReceiverEstimate(bitrateBps: number, atMs: number): void
  /** Time has passed, with or without anything else. */
  onTick(nowMs: number): void
  /** What holds from the last call on. */
  readonly allowance: SendAllowance
}
