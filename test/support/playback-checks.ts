// What must hold of everything a playback sends, whatever was done to it.

import { expect } from 'vitest'
import { tickLeadMs } from '../../src/lib/media/playback/ticker.ts'
import type { PacketizedFrame } from '../../src/lib/model/frame.ts'
import { clockRateOf, type MediaKind } from '../../src/lib/model/track.ts'
import type { MemoryFeed } from './memory-feed.ts'
import type { PlaybackRig, Sent } from './playback-rig.ts'

export interface SentFrame {
  readonly frame: PacketizedFrame
  readonly timestamp: number
  readonly pictureId: number
  readonly firstAtMs: number
}

/** Frames are known by their payloads, which are sent as they are. */
export function framesOf(sent: readonly Sent[], feeds: readonly MemoryFeed[]): SentFrame[] {
  const byPayload = new Map<Uint8Array, PacketizedFrame>()
  for (const feed of feeds)
    for (const gop of feed.gops) for (const frame of gop.frames) byPayload.set(frame.payloads[0]!, frame)
  return sent.flatMap((packet) => {
    const frame = byPayload.get(packet.payload)
    return frame ? [{ frame, timestamp: packet.timestamp, pictureId: packet.pictureId, firstAtMs: packet.atMs }] : []
  })
}

const since = (from: number, to: number, bits: number) => ((to - from) << (32 - bits)) >> (32 - bits)

/** Sequence numbers without gaps, timestamps that grow with every frame, PictureIDs in a row, one marker at each frame's end. */
export function checkContinuity(rig: PlaybackRig): void {
  for (const kind of ['video', 'audio'] as const) {
    const sent = rig.sent[kind]
    for (let i = 1; i < sent.length; i++) {
      const [a, b] = [sent[i - 1]!, sent[i]!]
      expect(since(a.sequence, b.sequence, 16)).toBe(1)
      const isSameFrame = kind === 'video' && !a.marker
      if (isSameFrame) expect(b.timestamp).toBe(a.timestamp)
      else expect(since(a.timestamp, b.timestamp, 32)).toBeGreaterThan(0)
      expect(since(a.pictureId, b.pictureId, 15)).toBe(isSameFrame ? 0 : 1)
    }
  }
}

/** Playout time (test clock) of a timestamp, by the sender report as a viewer uses it. */
function playoutMsOf(rig: PlaybackRig, kind: MediaKind, timestamp: number): number {
  const report = rig.playback.senderReport(kind, rig.clock.now())!
  return rig.clock.now() + (since(report.rtpTimestamp, timestamp, 32) * 1000) / clockRateOf(kind)
}

/** Media time at `playoutMs` by the epoch that a player finds for `lookupMs`, or undefined where it stands still. */
function mediaTimeOf(rig: PlaybackRig, playoutMs: number, lookupMs: number): number | undefined {
  const kind = rig.videoFeed ? 'video' : 'audio'
  let mediaTimeS: number | undefined
  for (const note of rig.notes) {
    if (note.type !== 'epoch') continue
    const epochMs = playoutMsOf(rig, kind, note.epoch.rtpTimestamp)
    if (epochMs > lookupMs + 0.03) break
    mediaTimeS = note.epoch.rate === 1 ? note.epoch.mediaTimeS + (playoutMs - epochMs) / 1000 : undefined
  }
  return mediaTimeS
}

/** Audio follows its sample count, up to 20 ms off: near an epoch's start its frames may belong to the one before or after. */
function timelineErrorMs(rig: PlaybackRig, kind: MediaKind, playoutMs: number, timeS: number): number | undefined {
  const lookups = kind === 'video' ? [playoutMs] : [playoutMs, playoutMs - 20, playoutMs + 20]
  const times = lookups.map((lookupMs) => mediaTimeOf(rig, playoutMs, lookupMs))
  if (times.includes(undefined)) return undefined
  return Math.min(...times.map((mediaTimeS) => Math.abs(mediaTimeS! - timeS) * 1000))
}

/** No frame leaves before its time by more than half a tick, and epochs lead from its timestamp to its media time. `isExempt`: frames of a replay. */
export function checkTimeline(
  rig: PlaybackRig,
  feeds: readonly MemoryFeed[],
  isExempt: (atMs: number) => boolean,
): { checked: number } {
  let checked = 0
  for (const kind of ['video', 'audio'] as const) {
    const toleranceMs = kind === 'video' ? 1 : 21
    for (const { frame, timestamp, firstAtMs } of framesOf(rig.sent[kind], feeds)) {
      const playoutMs = playoutMsOf(rig, kind, timestamp)
      expect(firstAtMs, 'sent before its time').toBeGreaterThanOrEqual(playoutMs - toleranceMs - tickLeadMs)
      if (isExempt(firstAtMs)) continue
      const errorMs = timelineErrorMs(rig, kind, playoutMs, frame.timeS)
      if (errorMs === undefined) continue
      checked++
      expect(errorMs, `${kind} ${frame.timeS} at ${playoutMs}`).toBeLessThan(toleranceMs)
    }
  }
  return { checked }
}

/** Most payload bytes that left within any `windowMs`. */
export function peakBytes(sent: readonly Sent[], windowMs: number): number {
  let peak = 0
  let bytes = 0
  let first = 0
  for (const packet of sent) {
    bytes += packet.payload.length
    while (sent[first]!.atMs <= packet.atMs - windowMs) bytes -= sent[first++]!.payload.length
    peak = Math.max(peak, bytes)
  }
  return peak
}
