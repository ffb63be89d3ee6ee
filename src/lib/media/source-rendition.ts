// A track as it is stored, GOP by GOP. Each GOP is copied once into a slab of its own: packets of the demuxer are views of
// large read buffers, which a kept packet would pin.
import { type EncodedPacket, EncodedPacketSink, type InputTrack } from 'mediabunny'
import { McpxError } from '../base/errors.ts'
import { codecOf } from '../codec/index.ts'
import type { Frame, Gop } from '../model/frame.ts'
import type { Track } from '../model/track.ts'
import type { OpenInput } from './input.ts'
import type { Rendition } from './rendition.ts'

interface SourceRenditionOptions {
  readonly opened: OpenInput
  readonly track: Track
  readonly source: InputTrack
  /** Container time of the content's start, in seconds. */
  readonly zeroS: number
  readonly durationS: number
}

/** Where a GOP, or a piece of one, begins in the container. */
interface Cursor {
  readonly packet: EncodedPacket
  readonly continues: boolean
}

/** Bounds of one piece: a GOP that is longer comes in several. */
const maxPieceS = 10
const maxPieceBytes = 8 * 2 ** 20
const maxPieceFrames = 1024
const audioRunS = 1
/** How much before 0 belongs to the first run: what a decoder needs to be right from 0 on. What is sent as it is needs nothing. */
const primingS = 0.3
/** Container times are rationals read as floats: nearer than this is the same instant. */
const epsilonS = 1e-6
const maxCursors = 64
const maxPiecesSearched = 10_000

export function createSourceRendition(options: SourceRenditionOptions): Rendition {
  const { opened, track, source, zeroS, durationS } = options
  const isVideo = track.kind === 'video'
  const sink = new EncodedPacketSink(source)
  // Matroska and MPEG-TS mark what they like as key: look into the bitstream.
  const retrieval = { verifyKeyPackets: isVideo, skipLiveWait: true }
  const metadata = { metadataOnly: true, skipLiveWait: true }
  /** Start of a piece → where the one after it begins, so that reading on needs no search. Oldest first. */
  const following = new Map<number, Cursor | undefined>()
  let last: Promise<unknown> = Promise.resolve()
  let isClosed = false

  const timeOf = (packet: EncodedPacket): number => packet.timestamp - zeroS
  const runOf = (packet: EncodedPacket): number => Math.max(0, Math.floor((timeOf(packet) + epsilonS) / audioRunS))
  const sent = codecOf(track.codec)
  const firstRunS = sent ? 0 : -primingS

  /** One operation at a time: the demuxer's cache serves sequential reads best. */
  function serialised<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = last.then(async () => {
      if (isClosed) throw new McpxError('INTERRUPTED', `${opened.id} was closed`)
      signal.throwIfAborted()
      return opened.run('reading', () => work(signal), signal)
    })
    last = turn.catch(() => {})
    return turn
  }

  /** The cursor of the GOP (video) or run (audio) that holds `timeS`; of the first one when nothing is before. */
  async function find(timeS: number): Promise<Cursor | undefined> {
    const at = zeroS + timeS + epsilonS
    const packet = isVideo ? await findKey(at) : await findRunStart(at)
    return packet ? { packet, continues: false } : undefined
  }

  async function findKey(at: number): Promise<EncodedPacket | null> {
    const key = await sink.getKeyPacket(at, retrieval)
    if (key) return key
    const first = await sink.getFirstKeyPacket(retrieval)
    if (first && timeOf(first) + zeroS <= at) throw cutOff(at - zeroS)
    return first
  }

  async function findRunStart(at: number): Promise<EncodedPacket | null> {
    const inside = (await sink.getPacket(at, metadata)) ?? (await sink.getFirstPacket(metadata))
    if (!inside) return null
    const run = runOf(inside)
    const before = await sink.getPacket(zeroS + (run === 0 ? firstRunS : run * audioRunS) + epsilonS, metadata)
    if (!before) return sink.getFirstPacket(retrieval)
    return runOf(before) === run ? sink.getPacket(before.timestamp, retrieval) : sink.getNextPacket(before, retrieval)
  }

  /** Reads the piece that begins at `cursor` and remembers where the next one does. */
  async function readPiece(cursor: Cursor, signal: AbortSignal): Promise<Gop> {
    const first = cursor.packet.isMetadataOnly ? await withData(cursor.packet) : cursor.packet
    const packets = [first]
    let byteLength = first.byteLength
    let next = await sink.getNextPacket(first, retrieval)
    while (next && !beginsAnother(next) && !isFull(next)) {
      signal.throwIfAborted()
      packets.push(next)
      await opened.pause()
      byteLength += next.byteLength
      next = await sink.getNextPacket(next, retrieval)
    }

    function beginsAnother(packet: EncodedPacket): boolean {
      return isVideo ? packet.type === 'key' : runOf(packet) !== runOf(first)
    }
    function isFull(packet: EncodedPacket): boolean {
      const isLong = packet.timestamp - first.timestamp >= maxPieceS - epsilonS
      return isLong || byteLength + packet.byteLength > maxPieceBytes || packets.length >= maxPieceFrames
    }

    // A packet that the index knows and the file no longer has: what comes before it plays, the next read fails.
    next ??= await sink.getNextPacket(packets.at(-1)!, metadata)
    const following = next && { packet: await withoutData(packets.at(-1)!, next), continues: !beginsAnother(next) }
    const gop = toGop(packets, byteLength, cursor.continues, following ? timeOf(following.packet) : undefined)
    remember(gop.startS, following ?? undefined)
    return gop
  }

  /** The same packet without the read buffer that its data is a view of. */
  async function withoutData(before: EncodedPacket, packet: EncodedPacket): Promise<EncodedPacket> {
    return (await sink.getNextPacket(before, metadata)) ?? packet
  }

  async function withData(packet: EncodedPacket): Promise<EncodedPacket> {
    const found = await sink.getPacket(packet.timestamp, retrieval)
    if (found?.sequenceNumber === packet.sequenceNumber) return found
    throw cutOff(timeOf(packet))
  }

  const cutOff = (timeS: number) =>
    new McpxError('MEDIA_CORRUPT', `${opened.id} is damaged or cut off: the frame at ${timeS.toFixed(3)} s is missing`)

  function toGop(packets: readonly EncodedPacket[], byteLength: number, continues: boolean, nextS?: number): Gop {
    const slab = new Uint8Array(byteLength)
    let at = 0
    let endS = 0
    const frames = packets.map((packet): Frame => {
      slab.set(packet.data, at)
      const data = slab.subarray(at, at + packet.byteLength)
      at += packet.byteLength
      const frameS = sent?.packetDurationS?.(data) || packet.duration
      endS = Math.max(endS, timeOf(packet) + frameS)
      return { timeS: timeOf(packet), durationS: frameS, isKey: packet.type === 'key', data }
    })
    const startS = frames[0]!.timeS
    const isLast = nextS === undefined
    return { startS, endS: isLast ? endS : nextS, frames, byteLength, continues, isLast }
  }

  function remember(startS: number, cursor: Cursor | undefined): void {
    following.delete(startS)
    following.set(startS, cursor)
    if (following.size > maxCursors) following.delete(following.keys().next().value!)
  }

  /** Where the piece after one begins, when that one was read long ago: walks from the GOP that holds it. */
  async function search(gop: Pick<Gop, 'startS' | 'endS'>, signal: AbortSignal): Promise<Cursor | undefined> {
    let cursor = await find(gop.endS)
    for (let walked = 0; cursor && walked < maxPiecesSearched; walked++) {
      if (timeOf(cursor.packet) > gop.startS + epsilonS) return cursor
      const { startS } = await readPiece(cursor, signal)
      cursor = following.get(startS)
    }
    return undefined
  }

  return {
    id: `${opened.id}#${track.id}`,
    track,
    durationS,
    gopAt: (timeS, signal) =>
      serialised(async () => {
        const cursor = await find(timeS)
        if (!cursor)
          throw new McpxError('MEDIA_CORRUPT', `track ${track.id} of ${opened.id} has no frame to start from`)
        return readPiece(cursor, signal)
      }, signal),
    gopAfter: (gop, signal) =>
      serialised(async () => {
        if (gop.isLast) return undefined
        const cursor = following.has(gop.startS) ? following.get(gop.startS) : await search(gop, signal)
        return cursor && readPiece(cursor, signal)
      }, signal),
    close() {
      isClosed = true
      following.clear()
    },
  }
}
