// Whether RTP can carry a video as it is stored: frames in the order they are shown, each of them shown.
import { EncodedPacketSink, type InputVideoTrack } from 'mediabunny'
import { codecOf } from '../codec/index.ts'

interface VideoInspection {
  /** Frames are stored in another order than they are shown, or some are never shown by themselves. */
  readonly reordered: boolean
  /** Of the frames looked at, snapped to the usual rate that it means; absent for a single frame. */
  readonly frameRate?: number
}

/** B-frames show within two frames; a VP8 or AV1 encoder looks 16 to 25 frames ahead for its hidden ones. */
const framesInspected = 64
/** Frames that a decoder may hold back (H.264 A.3.1). */
const deepestReorder = 16
const usualRates = [23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 90, 100, 119.88, 120]

/** Looks at the first frames; at their bytes only where the codec hides frames in them. */
export async function inspectVideo(source: InputVideoTrack, codec: string): Promise<VideoInspection> {
  const sink = new EncodedPacketSink(source)
  const hidesFrames = codecOf(codec)?.hidesFrames
  const metadataOnly = !hidesFrames
  const retrieval = { metadataOnly, skipLiveWait: true }
  const times: number[] = []
  let newest = -Infinity
  let reordered = false
  let packet = await sink.getFirstPacket(retrieval)
  while (packet) {
    if (packet.timestamp < newest || hidesFrames?.(packet.data)) reordered = true
    newest = Math.max(newest, packet.timestamp)
    times.push(packet.timestamp)
    if (times.length >= framesInspected) break
    packet = await sink.getNextPacket(packet, retrieval)
  }
  // The last ones of a reordered run have gaps among them, which frames further on fill.
  const frameRate = frameRateOf(reordered ? withoutNewest(times) : times)
  return frameRate === undefined ? { reordered } : { reordered, frameRate }
}

const withoutNewest = (times: readonly number[]): number[] =>
  [...times].sort((a, b) => a - b).slice(0, Math.max(2, times.length - deepestReorder))

/**
 * Frames per second of presentation times in any order: the mean distance of neighbours, without those far from the median
 * (a gap, a hidden frame at the time of a shown one, the slower part of a variable rate).
 */
function frameRateOf(times: readonly number[]): number | undefined {
  const sorted = [...times].sort((a, b) => a - b)
  const distances = sorted.slice(1).map((time, i) => time - sorted[i]!)
  const positive = distances.filter((distance) => distance > 0).sort((a, b) => a - b)
  const median = positive[positive.length >> 1]
  if (median === undefined) return undefined
  const usual = positive.filter((distance) => distance > median / 2 && distance < median * 1.5)
  const mean = usual.length / usual.reduce((sum, distance) => sum + distance, 0)
  const nearest = usualRates.reduce((best, rate) => (Math.abs(rate - mean) < Math.abs(best - mean) ? rate : best))
  return Math.abs(nearest - mean) / mean < 0.005 ? nearest : Math.round(mean * 1000) / 1000
}
