// The viewer against a transport that sends it whatever it likes: RTP, retransmissions and reports, in order, forged or foreign.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Descriptions } from '../../../src/lib/webrtc/descriptions.ts'
import type { ReceivedRtp } from '../../../src/lib/webrtc/receiving-peer.ts'
import { ntpOf, writeSenderReport } from '../../../src/lib/webrtc/rtp/rtcp.ts'
import { answerSection } from '../../../src/lib/webrtc/sdp/local-sections.ts'
import { usableTransport } from '../../../src/lib/webrtc/sdp/negotiate.ts'
import { parseSdp } from '../../../src/lib/webrtc/sdp/sdp.ts'
import { settle } from '../../../src/lib/webrtc/settle.ts'
import { openTransport } from '../../support/transport-pair.ts'
import { chooseVp8, createViewer, HandClock, hangMs, isConnected, until } from '../../support/webrtc-pair.ts'

vi.setConfig({ testTimeout: hangMs })

const ssrcs = { video: 11, audio: 21, stranger: 99 }

/** The viewer, and a side that has answered it and sends packets by hand. */
async function connect() {
  const clock = new HandClock()
  const viewer = await createViewer({ clock })
  onTestFinished(() => viewer.close())
  const { transport } = await openTransport(clock, false)
  const offer = parseSdp(await viewer.offer())
  const { ice, fingerprints, sections } = usableTransport(offer)
  const settled = await settle(sections, chooseVp8)
  transport.setRemote({ ice, fingerprints, isIceLite: false, dtlsRole: 'server' })
  await transport.gather()
  for (const candidate of sections.flatMap(({ candidates }) => candidates)) await transport.addCandidate(candidate)
  transport.start()
  const source = (kind: 'video' | 'audio') => ({ ssrc: ssrcs[kind], rtxSsrc: ssrcs[kind] + 1 })
  const sender = { cname: 'them', sctpPort: 5000, source }
  const answers = sections.map((section) =>
    answerSection(section, { settled, data: undefined, usable: sections }, sender),
  )
  await viewer.acceptAnswer(new Descriptions(1).write(transport, 'passive', answers))
  await isConnected(viewer)
  await until(() => transport.isReady)

  const received: ReceivedRtp[] = []
  viewer.events.on('rtp', (packet) => received.push(packet))
  const numbers = Object.fromEntries(settled.map(({ section, codec }) => [section.kind, codec]))
  const sendRtp = (
    { payloadType = numbers.video!.payloadType, ssrc = ssrcs.video, sequence = 0, timestamp = 0, rollover = 0 },
    payload: Uint8Array = Uint8Array.from([sequence & 0xff]),
    change: (packet: Buffer) => void = () => {},
  ) => {
    const header = Buffer.alloc(12)
    header.set([0x80, payloadType])
    header.writeUInt16BE(sequence & 0xffff, 2)
    header.writeUInt32BE(timestamp, 4)
    header.writeUInt32BE(ssrc, 8)
    const packet = transport.protect!(header, payload, rollover)
    change(packet)
    transport.post(packet)
  }
  const rtx = (original: number, payload: readonly number[], sequence: number) =>
    sendRtp(
      { payloadType: numbers.video!.rtxPayloadType!, ssrc: ssrcs.video + 1, sequence },
      Uint8Array.from([original >> 8, original & 0xff, ...payload]),
    )
  /** A packet that arrives after all that was sent before it. */
  let flushes = 0
  const flushed = async () => {
    const sequence = flushes++
    const isIt = ({ kind, sequence: got }: ReceivedRtp) => kind === 'audio' && got === sequence
    sendRtp({ payloadType: numbers.audio!.payloadType, ssrc: ssrcs.audio, sequence })
    await until(() => received.some(isIt))
    return received.filter(({ kind }) => kind === 'video')
  }
  return { clock, viewer, transport, received, numbers, sendRtp, rtx, flushed }
}

describe('RTP', () => {
  it('arrives as it was sent, over the wrap of the sequence, in memory of its own', async () => {
    const { sendRtp, flushed, viewer, clock } = await connect()
    clock.advance(70)
    for (const [i, rollover] of [0, 0, 1, 1].entries()) sendRtp({ sequence: 65_534 + i, timestamp: i * 3000, rollover })
    const video = await flushed()
    expect(video.map(({ sequence, timestamp, payload }) => [sequence, timestamp, payload[0]])).toEqual([
      [65_534, 0, 254],
      [65_535, 3000, 255],
      [0, 6000, 0],
      [1, 9000, 1],
    ])
    expect(video[0]).toMatchObject({
      kind: 'video',
      codec: 'vp8',
      marker: false,
      isRecovered: false,
      atMs: clock.now(),
    })
    expect(new Set(video.map(({ payload }) => payload.byteOffset)).size).toBe(4)
    expect(viewer.stats().video).toMatchObject({
      packetsReceived: 4,
      bytesReceived: 4,
      packetsLost: 0,
      firstPacketMs: 70,
    })
  })

  it('is nothing to it where it is forged, of no format that was settled, or no RTP', async () => {
    const { sendRtp, flushed, transport, viewer } = await connect()
    sendRtp({ sequence: 1 })
    for (const at of [3, 12, 15])
      sendRtp({ sequence: 2 }, undefined, (packet) => packet.fill(packet[at]! ^ 1, at, at + 1))
    sendRtp({ sequence: 3, payloadType: 35 })
    sendRtp({ sequence: 4, rollover: 7 })
    for (const bytes of [
      [0x80, 96],
      [0xbf, 96, ...Array(20).fill(0)],
      [0x90, 96, ...Array(10).fill(255)],
    ])
      transport.post(Buffer.from(bytes))
    sendRtp({ sequence: 2 })
    expect((await flushed()).map(({ sequence }) => sequence)).toEqual([1, 2])
    expect(viewer.stats().video).toMatchObject({ packetsReceived: 2, packetsLost: 0 })
  })

  it('of a second source of the same kind is left alone', async () => {
    const { sendRtp, flushed } = await connect()
    sendRtp({ sequence: 1 })
    sendRtp({ sequence: 2, ssrc: ssrcs.stranger })
    sendRtp({ sequence: 3 })
    expect((await flushed()).map(({ sequence }) => sequence)).toEqual([1, 3])
  })

  it('that comes twice counts once', async () => {
    const { sendRtp, flushed } = await connect()
    for (const sequence of [1, 2, 2, 1]) sendRtp({ sequence })
    expect((await flushed()).map(({ sequence }) => sequence)).toEqual([1, 2])
  })
})

describe('a retransmission', () => {
  it('stands for the packet that it brings again', async () => {
    const { sendRtp, rtx, flushed, viewer } = await connect()
    sendRtp({ sequence: 1 })
    sendRtp({ sequence: 3 })
    rtx(2, [42], 500)
    const video = await flushed()
    expect(video.map(({ sequence, isRecovered, payload }) => [sequence, isRecovered, [...payload]])).toEqual([
      [1, false, [1]],
      [3, false, [3]],
      [2, true, [42]],
    ])
    expect(viewer.stats().video).toMatchObject({ packetsReceived: 3, packetsRecovered: 1, packetsLost: 1 })
  })

  it('is nothing where it is too short for a sequence, of what is here, or of a stream that has not begun', async () => {
    const { sendRtp, rtx, flushed, numbers } = await connect()
    rtx(1, [1], 500)
    sendRtp({ sequence: 1 })
    sendRtp({ sequence: 3 })
    for (const length of [0, 1])
      sendRtp(
        { payloadType: numbers.video!.rtxPayloadType!, ssrc: ssrcs.video + 1, sequence: 501 + length },
        new Uint8Array(length),
      )
    rtx(1, [9], 503)
    expect((await flushed()).map(({ sequence }) => sequence)).toEqual([1, 3])
  })
})

describe('a sender report', () => {
  it('ties the timestamps of a stream that it knows to the clock of the sender', async () => {
    const { sendRtp, flushed, viewer, transport, clock } = await connect()
    const reports: unknown[] = []
    viewer.events.on('report', (report) => reports.push(report))
    const wallMs = clock.wallMs()
    const report = (ssrc: number) =>
      writeSenderReport({ ssrc, ntp: ntpOf(wallMs), rtpTimestamp: 777, packetCount: 1, octetCount: 1 })
    transport.sendRtcp(report(ssrcs.video))
    sendRtp({ sequence: 1 })
    await flushed()
    transport.sendRtcp(Buffer.concat([report(ssrcs.stranger), report(ssrcs.audio), report(ssrcs.video)]))
    await until(() => reports.length >= 2)
    expect(reports).toEqual([
      { kind: 'audio', wallMs: expect.closeTo(wallMs, 3), rtpTimestamp: 777 },
      { kind: 'video', wallMs: expect.closeTo(wallMs, 3), rtpTimestamp: 777 },
    ])
  })
})

describe('negotiation', () => {
  it('has a state for each step: no answer before an offer, nothing once closed', async () => {
    const viewer = await createViewer()
    expect(viewer.connectionState).toBe('new')
    await expect(viewer.acceptAnswer('v=0')).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
    await viewer.addCandidate({ candidate: 'nonsense before there is anybody' })
    expect(viewer.stats()).toEqual({ nacksSent: 0, pictureLossSent: 0, reportsSent: 0, feedbackSent: 0 })
    await viewer.offer()
    await viewer.addCandidate(null)
    await expect(viewer.acceptAnswer('nonsense')).rejects.toMatchObject({ code: 'INVALID_SDP' })
    const states: string[] = []
    viewer.events.on('state', (state) => states.push(state))
    await Promise.all([viewer.close(), viewer.close()])
    expect([viewer.connectionState, states, viewer.sendControl('x')]).toEqual(['closed', ['closed'], false])
    await expect(viewer.offer()).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
  })

  it('says the same again but for the version, and other credentials for a restart once there is another side', async () => {
    const { viewer } = await connect()
    const credentials = (sdp: string) => parseSdp(sdp).sections[0]!.ice
    const [first, second, restarted] = [
      await viewer.offer(),
      await viewer.offer(),
      await viewer.offer({ iceRestart: true }),
    ]
    expect(second.replace(/^o=.*$/m, '')).toBe(first.replace(/^o=.*$/m, ''))
    expect(credentials(restarted)).not.toEqual(credentials(first))
  })
})
