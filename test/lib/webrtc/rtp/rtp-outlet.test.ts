import { describe, expect, it } from 'vitest'
import { parseRtpHeader } from '../../../../src/lib/webrtc/rtp/receive-stream.ts'
import { parseRtcp } from '../../../../src/lib/webrtc/rtp/rtcp.ts'
import { Outlet, type OutletOptions } from '../../../../src/lib/webrtc/rtp/rtp-outlet.ts'
import { SentPackets } from '../../../../src/lib/webrtc/rtp/sent-packets.ts'
import { packetOf } from '../../../support/webrtc-pair.ts'

/** An outlet on a link without encryption, so that its packets can be read. */
function outletWith(options: Partial<OutletOptions> = {}, { hasTransport = true, isTaken = true } = {}) {
  const packets: Buffer[] = []
  const reports: Buffer[] = []
  const rollovers: number[] = []
  const time = { nowMs: 1000 }
  const seen: unknown[][] = []
  const link = {
    path: {
      isReady: hasTransport,
      protect: (header: Uint8Array, payload: Uint8Array, rollover: number) => {
        rollovers.push(rollover)
        return Buffer.concat([header, payload])
      },
      post: (packet: Buffer) => isTaken && packets.push(packet) > 0,
      sendRtcp: (compound: Buffer) => reports.push(compound) > 0,
    },
    sentPackets: new SentPackets(),
    clock: { now: () => time.nowMs },
  }
  link.sentPackets.observer = (...sent) => seen.push(sent)
  const outlet = new Outlet(
    {
      kind: 'video',
      codec: { codec: 'vp8', parameters: {} },
      payloadType: 96,
      rtxPayloadType: 97,
      ssrc: 1,
      rtxSsrc: 2,
      rtxSequence: 65_535,
      transportSequenceId: 5,
      cname: 'mcpx',
      ...options,
    },
    link,
  )
  return { outlet, packets, reports, rollovers, time, seen }
}

describe('an outlet', () => {
  it('writes one transport-wide sequence over media and retransmissions, each with its own rollover', () => {
    const { outlet, packets, rollovers } = outletWith()
    outlet.send(packetOf(65_535, Uint8Array.from([7, 8])))
    outlet.send(packetOf(0, Uint8Array.from([9]), { marker: false }))
    outlet.retransmit(packetOf(65_535, Uint8Array.from([7, 8])))
    outlet.retransmit(packetOf(0, Uint8Array.from([9]), { marker: false }))
    const headers = packets.map((packet) => parseRtpHeader(packet, 5)!)
    expect(headers.map(({ transportSequence }) => transportSequence)).toEqual([0, 1, 2, 3])
    expect(headers.map(({ ssrc, payloadType, sequence, marker }) => [ssrc, payloadType, sequence, marker])).toEqual([
      [1, 96, 65_535, true],
      [1, 96, 0, false],
      [2, 97, 65_535, true],
      [2, 97, 0, false],
    ])
    expect(rollovers).toEqual([0, 1, 0, 1])
    expect(packets.map((packet, i) => [...packet.subarray(headers[i]!.headerLength)])).toEqual([
      [7, 8],
      [9],
      [0xff, 0xff, 7, 8],
      [0, 0, 9],
    ])
  })

  it('tells the kind, the size on the wire and the time of what has left, and of nothing else', () => {
    const { outlet, time, seen } = outletWith()
    outlet.send(packetOf(1, Uint8Array.from([7, 8])))
    time.nowMs = 1002.5
    outlet.retransmit(packetOf(1, Uint8Array.from([7, 8])))
    expect(seen).toEqual([
      ['media', 22, 1000],
      ['rtx', 24, 1002.5],
    ])
    const refused = outletWith({}, { isTaken: false })
    expect(refused.outlet.send(packetOf(1, Uint8Array.from([7])))).toBe(false)
    const untracked = outletWith({ transportSequenceId: undefined })
    expect(untracked.outlet.send(packetOf(1, Uint8Array.from([7])))).toBe(true)
    expect([...refused.seen, ...untracked.seen]).toEqual([])
  })

  it('never encrypts two packets with one index, also when many went by while there was no path', () => {
    const { outlet, rollovers } = outletWith()
    for (const sequence of [40_100, 65_000, 100, 40_100]) outlet.send(packetOf(sequence, Uint8Array.from([7])))
    expect(rollovers).toEqual([0, 0, 1, 1])
  })

  it('patches the PictureID in what it sends, never in what it was given', () => {
    const { outlet, packets } = outletWith({ transportSequenceId: undefined })
    const payload = Uint8Array.from([0x90, 0x80, 1, 2, 3])
    const packet = packetOf(1, payload, { pictureIdOffset: 2, pictureId: 0x7abc })
    outlet.send(packet)
    outlet.retransmit(packet)
    expect([...packets[0]!.subarray(12)]).toEqual([0x90, 0x80, 0xfa, 0xbc, 3])
    expect([...packets[1]!.subarray(12)]).toEqual([0, 1, 0x90, 0x80, 0xfa, 0xbc, 3])
    expect([...payload]).toEqual([0x90, 0x80, 1, 2, 3])
    expect(outlet.send(packetOf(2, Uint8Array.from([1]), { pictureIdOffset: 0, pictureId: 5 }))).toBe(true)
    expect([...packets[2]!.subarray(12)]).toEqual([1])
  })

  it('sends nothing without a transport, over size, or on an RTX that was not negotiated', () => {
    const closed = outletWith({}, { hasTransport: false })
    expect([
      closed.outlet.send(packetOf(1, Buffer.alloc(1))),
      closed.outlet.retransmit(packetOf(1, Buffer.alloc(1))),
    ]).toEqual([false, false])
    const { outlet, packets } = outletWith({ rtxPayloadType: undefined })
    expect(outlet.send(packetOf(1, Buffer.alloc(1461)))).toBe(false)
    expect(outlet.retransmit(packetOf(1, Buffer.alloc(1)))).toBe(false)
    expect(packets).toEqual([])
  })

  it('measures the round trip from a report block that answers its report', () => {
    const { outlet, reports, time } = outletWith()
    outlet.sendSenderReport({ wallMs: 1_700_000_000_000, rtpTimestamp: 5, packetCount: 6, octetCount: 7 })
    const [report] = parseRtcp(reports[0]!)
    expect(report).toMatchObject({ type: 'sender-report', ssrc: 1, rtpTimestamp: 5, packetCount: 6, octetCount: 7 })
    const middle = report?.type === 'sender-report' ? Number((report.ntp >> 16n) & 0xffff_ffffn) : 0
    time.nowMs += 600
    expect(outlet.roundTripTimeS(middle, 0.5 * 65_536)).toBeCloseTo(0.1, 6)
    expect(outlet.roundTripTimeS(middle, 65_536)).toBe(0)
    expect(outlet.roundTripTimeS(middle + 1, 0)).toBeUndefined()
    expect(outlet.roundTripTimeS(0, 0)).toBeUndefined()
  })
})
