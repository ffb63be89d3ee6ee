// Where a seek lands, and what must be sent again after a picture loss: choices over one GOP, pure.
import type { PacketizedFrame, PacketizedGop } from '../../model/frame.ts'

/** The preroll may take at most this long on the wire at the target bitrate. */
const maxPrerollS = 0.5
/** And hold at most this many frames, which the viewer must decode at once. */
const maxPrerollFrames = 150
/** A frame that is shown for longer than this is not shown from its start again by a seek into it. */
const maxRewindS = 0.1
const toleranceS = 0.0005

interface Landing {
  /** Media time at which the clock starts. */
  readonly mediaTimeS: number
  /** Frames [from, to) go out fast before it; those from `to` on at their time. */
  readonly from: number
  readonly to: number
  /** In place of `to` when the playhead is paused: the picture at mediaTimeS is sent too. */
  readonly stillTo: number
}

/** Whether this much may be sent ahead of time. */
export function isPrerollAllowed(byteLength: number, frames: number, targetBps: number): boolean {
  return frames <= maxPrerollFrames && byteLength * 8 <= targetBps * maxPrerollS
}

export function byteLengthOf(frames: readonly PacketizedFrame[], from: number, to: number): number {
  let byteLength = 0
  for (let i = from; i < to; i++) byteLength += frames[i]!.byteLength
  return byteLength
}

/** Index of the frame that is shown at `timeS`, or -1 when the first one comes later. */
function indexAt(frames: readonly PacketizedFrame[], timeS: number): number {
  let index = frames.length - 1
  while (index >= 0 && frames[index]!.timeS > timeS + toleranceS) index--
  return index
}

/** Where to land in the video GOP that `gopAt(timeS)` gave: on the frame asked for where its preroll is small, else on the key frame. */
export function landInVideo(gop: PacketizedGop, timeS: number, targetBps: number): Landing {
  const { frames } = gop
  const shown = indexAt(frames, timeS)
  if (shown < 0) return { mediaTimeS: timeS, from: 0, to: 0, stillTo: 0 }
  const isHeld = timeS - frames[shown]!.timeS > maxRewindS
  const to = isHeld ? shown + 1 : shown
  const isHere = timeS < gop.endS || gop.isLast
  if (isHere && isPrerollAllowed(byteLengthOf(frames, 0, to), to, targetBps))
    return { mediaTimeS: isHeld ? timeS : frames[shown]!.timeS, from: 0, to, stillTo: shown + 1 }
  if (gop.isLast && timeS >= gop.endS)
    return { mediaTimeS: timeS, from: frames.length, to: frames.length, stillTo: frames.length }
  return { mediaTimeS: frames[0]!.timeS, from: 0, to: 0, stillTo: 1 }
}

/** Every audio frame can be landed on: the one that sounds at `timeS`. */
export function landInAudio(gop: PacketizedGop, timeS: number): number {
  const shown = indexAt(gop.frames, timeS)
  const frame = gop.frames[shown]
  return frame && timeS < frame.timeS + maxRewindS ? frame.timeS : timeS
}
