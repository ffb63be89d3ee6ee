// What the browser measured, as the server takes it.
import type { ViewerReport } from '../../lib/protocol/control.ts'
import type { Freezes } from '../../lib/protocol/freezes.ts'
import { readingOf, type Sample } from './stats.ts'

/** A sample as the server takes it. */
export function reportOf(
  now: Sample,
  before: Sample | undefined,
  freezes: Freezes,
  firstFrameMs: number | undefined,
): ViewerReport {
  const { framesPerSecond, jitterBufferMs, roundTripMs } = readingOf(now, before)
  const { framesReceived, framesDecoded, framesDropped, concealedSamples, totalSamplesReceived } = now
  const video = { framesReceived, framesDecoded, framesDropped, ...freezes }
  return {
    bytesReceived: now.bytesReceived,
    packetsReceived: now.packetsReceived,
    packetsLost: Math.max(0, now.packetsLost),
    ...(now.hasVideo ? video : {}),
    ...(now.hasAudio ? { concealedSamples, totalSamplesReceived } : {}),
    ...(now.hasVideo && framesPerSecond !== undefined ? { framesPerSecond } : {}),
    ...(now.width && now.height ? { frameWidth: now.width, frameHeight: now.height } : {}),
    ...(jitterBufferMs === undefined ? {} : { jitterBufferDelayMs: jitterBufferMs }),
    ...(roundTripMs === undefined ? {} : { roundTripTimeMs: roundTripMs }),
    ...(firstFrameMs === undefined ? {} : { firstFrameMs }),
  }
}
