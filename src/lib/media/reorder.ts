// Whether RTP can carry a video as it is stored: frames in the order they are shown, each of them shown.
import { EncodedPacketSink, type InputVideoTrack } from 'mediabunny'
import { type Obu, obuTypes, splitObus } from './obu.ts'

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
  const metadataOnly = codec !== 'vp8' && codec !== 'av1'
  const retrieval = { metadataOnly, skipLiveWait: true }
  const times: number[] = []
  let newest = -Infinity
  let reordered = false
  let packet = await sink.getFirstPacket(retrieval)
  while (packet) {
    if (packet.timestamp < newest || (!metadataOnly && hidesFrames(codec, packet.data))) reordered = true
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

/**
 * Whether a packet holds a frame that is not shown by itself. VP9 is not asked: its superframe carries hidden and shown
 * frame as one, and decoders behind RTP take it so.
 */
function hidesFrames(codec: string, data: Uint8Array): boolean {
  if (codec === 'vp8') return data.length > 0 && (data[0]! & 0x10) === 0 // show_frame (RFC 6386 9.1)
  if (codec === 'av1') return hidesAv1Frames(data)
  return false
}

/** Several frames in a temporal unit, one that is not shown, or an older one shown again (AV1 specification 5.9.2). */
function hidesAv1Frames(data: Uint8Array): boolean {
  let obus: Obu[]
  try {
    obus = splitObus(data)
  } catch {
    return false
  }
  const frames = obus.filter((obu) => obu.type === obuTypes.frame || obu.type === obuTypes.frameHeader)
  if (frames.length !== 1) return frames.length > 1
  // A reduced still picture header has no such bits, and is one frame.
  const isReduced = obus.some((obu) => obu.type === obuTypes.sequenceHeader && (obu.payload[0]! & 0x08) !== 0)
  const first = frames[0]!.payload[0] ?? 0
  const showsExisting = (first & 0x80) !== 0
  const isShown = (first & 0x10) !== 0
  return !isReduced && (showsExisting || !isShown)
}
