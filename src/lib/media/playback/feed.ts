// Where a playhead gets its media: one rendition, packetized once and shared by all viewers through a cache.
import type { PacketizedGop } from '../../model/frame.ts'

export interface GopFeed {
  readonly durationS: number
  /** The GOP whose key frame is the last at or before `timeS`; the first one when there is none before. */
  gopAt(timeS: number, signal: AbortSignal): Promise<PacketizedGop>
  /** The one that follows; undefined after the last. */
  gopAfter(gop: PacketizedGop, signal: AbortSignal): Promise<PacketizedGop | undefined>
}
