// RTP packets of one stream, in any order, → whole frames in order. Frames with a hole are waited for, then left out.
import type { MediaKind, RtpCodec } from '../model/track.ts'
import { depacketizers } from './depacketize.ts'
import { rtpDistance } from './playback-position.ts'

export interface RtpPayload {
  readonly kind: MediaKind
  readonly codec: RtpCodec
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
  readonly payload: Uint8Array
}

export interface AssembledFrame {
  readonly kind: MediaKind
  readonly codec: RtpCodec
  readonly timestamp: number
  readonly isKey: boolean
  /** As the codec's elementary stream (H.264: Annex B; AV1: OBUs with sizes), in memory of its own or of its packet. */
  readonly data: Uint8Array
}

export interface AssemblerCounts {
  readonly framesAssembled: number
  /** Frames that were given up because packets of them never came, or made no sense. */
  readonly framesDropped: number
}

/** A frame waits this long for its missing packets, in packets that arrived after its first one. Audio is not asked for again. */
const patiencePackets: Readonly<Record<MediaKind, number>> = { video: 256, audio: 16 }
/** Packets of one frame at most: 4 MB. */
const maxFramePackets = 4096

interface Pending {
  readonly timestamp: number
  /** By distance from `base`, the extended sequence number. */
  readonly packets: Map<number, RtpPayload>
  readonly since: number
  last?: number
}

export function createFrameAssembler(emit: (frame: AssembledFrame) => void) {
  let highest: number | undefined
  /** Extended sequence number of the last packet of the last frame that left. */
  let edge: number | undefined
  let arrived = 0
  let pending: Pending[] = []
  let framesAssembled = 0
  let framesDropped = 0

  function extend(sequence: number): number {
    if (highest === undefined) return sequence + 0x10000
    const ahead = ((sequence - highest) << 16) >> 16
    return highest + ahead
  }

  function place(packet: RtpPayload, sequence: number): void {
    let frame = pending.find(({ timestamp }) => timestamp === packet.timestamp)
    if (!frame) {
      frame = { timestamp: packet.timestamp, packets: new Map(), since: arrived }
      pending.push(frame)
      pending.sort((a, b) => rtpDistance(a.timestamp, b.timestamp))
    }
    if (frame.packets.size < maxFramePackets) frame.packets.set(sequence, packet)
    if (packet.marker || packet.kind === 'audio') frame.last = sequence
  }

  /** Payloads from the first to the last packet, when none between them is missing and the first one may begin a frame. */
  function complete(frame: Pending): readonly RtpPayload[] | undefined {
    if (frame.last === undefined) return undefined
    const first = Math.min(...frame.packets.keys())
    if (frame.last - first + 1 !== frame.packets.size) return undefined
    const packets = Array.from({ length: frame.packets.size }, (_, i) => frame.packets.get(first + i)!)
    const { codec, payload } = packets[0]!
    return depacketizers[codec].inspect(payload)?.canStart ? packets : undefined
  }

  /** What is released now: a frame that follows the last one, or after long waiting one that surely has its beginning. */
  function due(frame: Pending, isGivenUp: boolean): readonly RtpPayload[] | undefined {
    const packets = complete(frame)
    if (!packets) return undefined
    const follows = edge === undefined || packets[0]!.sequence === ((edge + 1) & 0xffff)
    return follows || (isGivenUp && startsSurely(packets[0]!)) ? packets : undefined
  }

  function release(frame: Pending, packets: readonly RtpPayload[]): void {
    const { kind, codec, timestamp } = packets[0]!
    edge = frame.last
    const depacketizer = depacketizers[codec]
    const data = depacketizer.join(packets.map(({ payload }) => payload))
    if (!data) {
      framesDropped++
      return
    }
    framesAssembled++
    const isKey = packets.some(({ payload }) => depacketizer.inspect(payload)?.isKey)
    emit({ kind, codec, timestamp, isKey, data })
  }

  return {
    add(packet: RtpPayload): void {
      const sequence = extend(packet.sequence)
      if (highest === undefined || sequence > highest) highest = sequence
      arrived++
      if (edge !== undefined && sequence <= edge) return
      place(packet, sequence)
      for (let frame = pending[0]; frame; frame = pending[0]) {
        const isGivenUp = arrived - frame.since > patiencePackets[packet.kind]
        const packets = due(frame, isGivenUp)
        if (!packets && !isGivenUp) return
        pending = pending.slice(1)
        if (packets) release(frame, packets)
        else {
          framesDropped++
          edge = Math.max(edge ?? 0, ...frame.packets.keys())
        }
      }
    },
    get counts(): AssemblerCounts {
      return { framesAssembled, framesDropped }
    },
  }
}

/** Their first packet says that it is the first, so that what was lost before it does not matter. */
const startsSurely = ({ codec }: RtpPayload): boolean => codec === 'vp8' || codec === 'vp9' || codec === 'opus'
