// The peer that receives, for `mcpx stream`, test clients and tests: a headless viewer that reports like a browser does.
import { randomInt } from 'node:crypto'
import { every, type Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import type { ConnectionState } from '../model/stream.ts'
import { clockRateOf, type MediaKind, type RtpCodec } from '../model/track.ts'
import { uniqueCandidates, usableTransport } from './negotiate.ts'
import { type ParsedRtp, parseRtpHeader, ReceiveStream } from './receive-stream.ts'
import {
  type ViewerEvents,
  type ViewerOptions,
  type ViewerStats,
  type ViewerStreamStats,
  viewerCodecs,
} from './receiving-peer-types.ts'
import { compactNtp, parseRtcp, wallMsOf, writeNack, writePictureLoss, writeReceiverReport } from './rtcp.ts'
import { codecsOf, type NegotiatedCodec, parseSdp, type SdpSection, transportSequenceUri } from './sdp.ts'
import { type LocalSection, numberCodecs, writeSdp } from './sdp-write.ts'
import { Rollover } from './srtp.ts'
import { Transport } from './transport.ts'
import { maxFeedbackPackets, writeTransportFeedback } from './transport-feedback.ts'
import { createUdpMux, hostAddresses, type UdpMux } from './udp-mux.ts'

export { type ReceivedRtp, type ViewerOptions, type ViewerStats, viewerCodecs } from './receiving-peer-types.ts'

const tickMs = 20
const reportMs = 500
const feedbackMs = 60
const pictureLossMs = 500
const maxFeedback = 2048
const maxFeedbackSpanMs = 4000

interface Format {
  readonly kind: MediaKind
  readonly codec: RtpCodec
  readonly isRtx: boolean
  /** Of the media the RTX belongs to. */
  readonly payloadType: number
}

/** Throws PORT_IN_USE when no socket can be had. */
export async function createReceivingPeer(options: ViewerOptions): Promise<ReceivingPeer> {
  const addresses = options.bindAddresses ? hostAddresses(options.bindAddresses) : allAddresses()
  const mux = await createUdpMux({ addresses })
  return new ReceivingPeer(options, mux)
}

const allAddresses = (): string[] => [...new Set(['127.0.0.1', ...hostAddresses([])])]

export class ReceivingPeer {
  readonly events: Events<ViewerEvents>
  readonly #options: ViewerOptions
  readonly #mux: UdpMux
  readonly #createdAtMs: number
  readonly #ssrc = 1 + randomInt(2 ** 31)
  readonly #sessionId = 1 + randomInt(2 ** 31)
  readonly #formats = new Map<number, Format>()
  readonly #rollovers = new Map<number, Rollover>()
  readonly #streams: Partial<Record<MediaKind, ReceiveStream>> = {}
  readonly #arrivals = new Map<number, number>()
  #version = 1
  #transport: Transport | undefined
  #offered: LocalSection[] | undefined
  #transportSequenceId: number | undefined
  #ticker: Timer | undefined
  #reportedMs = 0
  #feedbackMs = 0
  #pictureLossMs = Number.NEGATIVE_INFINITY
  #wantsPicture = false
  #arrivalBase = -1
  #feedbackCount = 0
  #sent = { nacks: 0, pictureLoss: 0, reports: 0, feedback: 0 }
  #closing: Promise<void> | undefined

  constructor(options: ViewerOptions, mux: UdpMux) {
    this.#options = options
    this.#mux = mux
    this.#createdAtMs = options.clock.now()
    this.events = new Events((error) => this.#logger.warn({ err: error }, 'a viewer listener failed'))
  }

  get connectionState(): ConnectionState {
    return this.#closing ? 'closed' : (this.#transport?.connection ?? 'new')
  }

  /** A recvonly offer with all candidates; on a running connection with `iceRestart`, new credentials. */
  async offer(options: { iceRestart?: boolean } = {}): Promise<string> {
    const transport = await this.#openTransport(true)
    const codecs = this.#options.codecs ?? viewerCodecs
    transport.prepareData(true)
    this.#offered ??= this.#offerSections(codecs)
    if (options.iceRestart) transport.restart()
    await transport.gather()
    return this.#write(transport, 'actpass', this.#offered)
  }

  async acceptAnswer(sdp: string): Promise<void> {
    const transport = this.#transport
    if (!transport) throw new McpxError('STREAM_CONFLICT', 'an answer without an offer')
    const answer = parseSdp(sdp)
    const { ice, fingerprints, setup, sections } = usableTransport(answer)
    const isNew = transport.remoteFragment === ''
    const isRestarted = transport.remoteFragment !== ice.ufrag
    const dtlsRole = setup === 'active' ? 'server' : 'client'
    this.#learnFormats(sections)
    transport.setRemote({ ice, fingerprints, isIceLite: answer.isIceLite, dtlsRole })
    for (const candidate of uniqueCandidates(sections)) await transport.addCandidate(candidate)
    if (isNew || isRestarted) transport.start(dataPortOf(sections))
  }

  /** Answers an offer of the server (dialect A): takes what it can receive, refuses the rest. */
  async acceptOffer(sdp: string): Promise<string> {
    const offer = parseSdp(sdp)
    const { ice, fingerprints, setup, sections } = usableTransport(offer)
    const transport = await this.#openTransport(false)
    const isNew = transport.remoteFragment === ''
    const dtlsRole = setup === 'active' ? 'server' : 'client'
    const dataPort = dataPortOf(sections)
    if (dataPort !== undefined) transport.prepareData(false)
    this.#learnFormats(sections)
    const isRestart = transport.setRemote({ ice, fingerprints, isIceLite: offer.isIceLite, dtlsRole })
    await transport.gather()
    for (const candidate of uniqueCandidates(sections)) await transport.addCandidate(candidate)
    if (isNew || isRestart) transport.start(dataPort)
    const answers = offer.sections.map((section) => this.#answerSection(section, sections.includes(section)))
    return this.#write(transport, dtlsRole === 'client' ? 'active' : 'passive', answers)
  }

  async addCandidate(candidate: { candidate: string } | null): Promise<void> {
    if (candidate?.candidate) await this.#transport?.addCandidate(candidate.candidate)
  }

  /** False when the channel is not open or is backed up. */
  sendControl(text: string): boolean {
    return this.#transport?.sendControl(text) ?? false
  }

  /** Asks for a key frame; at most one every 500 ms is sent. */
  requestKeyFrame(): void {
    this.#wantsPicture = true
  }

  stats(): ViewerStats {
    const transport = this.#transport
    const pair = transport?.selected
    const { video, audio } = this.#streams
    return {
      ...(video ? { video: this.#streamStats(video) } : {}),
      ...(audio ? { audio: this.#streamStats(audio) } : {}),
      nacksSent: this.#sent.nacks,
      pictureLossSent: this.#sent.pictureLoss,
      reportsSent: this.#sent.reports,
      feedbackSent: this.#sent.feedback,
      ...(pair?.rtt === undefined ? {} : { roundTripTimeS: pair.rtt }),
      ...(transport?.timings.iceConnectMs === undefined ? {} : { iceConnectMs: transport.timings.iceConnectMs }),
      ...(transport?.timings.dtlsConnectMs === undefined ? {} : { dtlsConnectMs: transport.timings.dtlsConnectMs }),
      ...(pair
        ? {
            candidatePair: {
              local: `${pair.localCandidate.host}:${pair.localCandidate.port}`,
              remote: `${pair.remoteAddr[0]}:${pair.remoteAddr[1]}`,
              type: `${pair.localCandidate.type}/${pair.remoteCandidate.type}`,
            },
          }
        : {}),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  get #logger(): Logger {
    return this.#options.logger ?? silentLogger
  }

  async #closeAll(): Promise<void> {
    this.#ticker?.cancel()
    await this.#transport?.close()
    await this.#mux.close()
    this.events.emit('state', 'closed', 'closed')
    this.events.removeAll()
  }

  async #openTransport(isControlling: boolean): Promise<Transport> {
    if (this.#closing) throw new McpxError('STREAM_CONFLICT', 'the viewer is closed')
    if (this.#transport) return this.#transport
    const { clock, iceServers = [], relayOnly = false } = this.#options
    const logger = this.#logger
    const transport = await Transport.create({
      mux: this.#mux,
      isControlling,
      iceServers,
      announceAddresses: [],
      relayOnly,
      clock,
      logger,
    })
    this.#transport = transport
    transport.events.on('state', (connection, ice) => {
      if (!this.#closing) this.events.emit('state', connection, ice)
    })
    transport.events.on('candidate', (candidate) =>
      this.events.emit('candidate', candidate === null ? null : { candidate, sdpMid: '0', sdpMLineIndex: 0 }),
    )
    transport.events.on('connected', () => {
      this.#ticker = every(clock, tickMs, () => this.#tick())
    })
    transport.events.on('rtp', (packet) => this.#onRtp(packet))
    transport.events.on('rtcp', (compound) => this.#onRtcp(compound))
    transport.events.on('control', (text) => this.events.emit('control', text))
    transport.events.on('controlOpen', () => this.events.emit('controlOpen'))
    return transport
  }

  #write(transport: Transport, setup: 'actpass' | 'active' | 'passive', sections: readonly LocalSection[]): string {
    const { candidates, isGathered } = transport
    return writeSdp(
      { sessionId: this.#sessionId, version: this.#version++ },
      { ...transport.local, setup, candidates, isComplete: isGathered },
      sections,
    )
  }

  #offerSections(codecs: NonNullable<ViewerOptions['codecs']>): LocalSection[] {
    const kinds = (['video', 'audio'] as const).filter((kind) => (codecs[kind]?.length ?? 0) > 0)
    const media = kinds.map(
      (kind, i): LocalSection => ({
        kind,
        mid: `${i}`,
        protocol: 'UDP/TLS/RTP/SAVPF',
        direction: 'recvonly',
        codecs: numberCodecs(kind, codecs[kind]!),
        transportSequenceId: 3,
      }),
    )
    return [...media, dataSection(`${kinds.length}`, 'UDP/DTLS/SCTP')]
  }

  #answerSection(section: SdpSection, isUsable: boolean): LocalSection {
    if (isUsable && section.kind === 'application') return dataSection(section.mid, section.protocol)
    const codecs = isUsable ? this.#receivable(section) : []
    if (codecs.length === 0) return { kind: 'refused', section }
    return {
      kind: section.kind as MediaKind,
      mid: section.mid,
      protocol: section.protocol,
      direction: 'recvonly',
      codecs,
      transportSequenceId: section.extensions.get(transportSequenceUri),
    }
  }

  #receivable(section: SdpSection): NegotiatedCodec[] {
    const own = (this.#options.codecs ?? viewerCodecs)[section.kind as MediaKind] ?? []
    return codecsOf(section).filter((offered) => own.some((codec) => codec.codec === offered.codec))
  }

  #learnFormats(sections: readonly SdpSection[]): void {
    for (const section of sections) {
      if (section.kind === 'application') continue
      this.#transportSequenceId ??= section.extensions.get(transportSequenceUri)
      for (const { codec, payloadType, rtxPayloadType } of codecsOf(section)) {
        const format = { kind: section.kind as MediaKind, codec, payloadType }
        this.#formats.set(payloadType, { ...format, isRtx: false })
        if (rtxPayloadType !== undefined) this.#formats.set(rtxPayloadType, { ...format, isRtx: true })
      }
    }
  }

  #onRtp(encrypted: Buffer): void {
    const { unprotect } = this.#transport!
    const header = parseRtpHeader(encrypted, this.#transportSequenceId)
    const format = header && this.#formats.get(header.payloadType)
    if (!unprotect || !format || this.#options.drop?.(header)) return
    const rollover = this.#rollovers.get(header.ssrc) ?? new Rollover()
    const packet = unprotect(encrypted, header.headerLength, rollover.peek(header.sequence))
    if (!packet) return
    rollover.advance(header.sequence)
    this.#rollovers.set(header.ssrc, rollover)
    const nowMs = this.#options.clock.now()
    if (header.transportSequence !== undefined) this.#noteArrival(header.transportSequence, nowMs)
    if (format.isRtx) this.#onRtx(header, packet, format, nowMs)
    else this.#deliver(header, packet.subarray(header.headerLength), format, nowMs, false)
  }

  /** RFC 4588 4: the original sequence stands before the payload. */
  #onRtx(header: ParsedRtp, packet: Buffer, format: Format, nowMs: number): void {
    const { headerLength } = header
    const stream = this.#streams[format.kind]
    if (!stream || packet.length < headerLength + 2) return
    const original = { ...header, sequence: packet.readUInt16BE(headerLength), ssrc: stream.ssrc }
    this.#deliver(original, packet.subarray(headerLength + 2), format, nowMs, true)
  }

  #deliver(header: ParsedRtp, payload: Buffer, format: Format, nowMs: number, isRecovered: boolean): void {
    const { kind, codec, payloadType } = format
    const stream = this.#streams[kind] ?? new ReceiveStream(header.ssrc, clockRateOf(kind))
    this.#streams[kind] = stream
    if (stream.ssrc !== header.ssrc || !stream.add(header, payload.length, nowMs, isRecovered)) return
    const { sequence, timestamp, marker } = header
    this.events.emit('rtp', {
      kind,
      codec,
      payload,
      sequence,
      timestamp,
      marker,
      payloadType,
      isRecovered,
      atMs: nowMs,
    })
  }

  #onRtcp(compound: Buffer): void {
    for (const packet of parseRtcp(compound)) {
      if (packet.type !== 'sender-report') continue
      const [kind, stream] = Object.entries(this.#streams).find(([, candidate]) => candidate.ssrc === packet.ssrc) ?? []
      if (!kind || !stream) continue
      stream.noteSenderReport(compactNtp(packet.ntp), this.#options.clock.now())
      const { rtpTimestamp } = packet
      this.events.emit('report', { kind: kind as MediaKind, wallMs: wallMsOf(packet.ntp), rtpTimestamp })
    }
  }

  #tick(): void {
    const nowMs = this.#options.clock.now()
    this.#sendNacks(nowMs)
    if (this.#wantsPicture) this.#sendPictureLoss(nowMs)
    if (nowMs - this.#feedbackMs >= feedbackMs) this.#sendFeedback(nowMs)
    if (nowMs - this.#reportedMs >= reportMs) this.#sendReport(nowMs)
  }

  #sendNacks(nowMs: number): void {
    const { video } = this.#streams
    if (!video) return
    const againMs = Math.max(40, 1500 * (this.#transport?.selected?.rtt ?? 0))
    const { sequences, givenUp } = video.due(nowMs, againMs)
    if (givenUp > 0) this.#wantsPicture = true
    if (sequences.length === 0) return
    if (this.#transport!.sendRtcp(this.#afterReport(writeNack(this.#ssrc, video.ssrc, sequences)))) this.#sent.nacks++
  }

  #sendPictureLoss(nowMs: number): void {
    const { video } = this.#streams
    if (!video || nowMs - this.#pictureLossMs < pictureLossMs) return
    this.#wantsPicture = false
    this.#pictureLossMs = nowMs
    if (this.#transport!.sendRtcp(this.#afterReport(writePictureLoss(this.#ssrc, video.ssrc)))) this.#sent.pictureLoss++
  }

  #sendReport(nowMs: number): void {
    this.#reportedMs = nowMs
    const blocks = Object.values(this.#streams).map((stream) => stream.reportBlock(nowMs))
    if (blocks.length === 0) return
    if (this.#transport!.sendRtcp(writeReceiverReport(this.#ssrc, blocks))) this.#sent.reports++
  }

  /** SRTCP needs the sender's SSRC in front (RFC 3711 3.4): an empty report gives it to feedback too. */
  #afterReport(feedback: Buffer): Buffer {
    return Buffer.concat([writeReceiverReport(this.#ssrc, []), feedback])
  }

  #noteArrival(sequence: number, nowMs: number): void {
    if (this.#arrivals.size >= maxFeedback) this.#sendFeedback(nowMs)
    if (this.#arrivalBase < 0) this.#arrivalBase = sequence
    const offset = ((sequence - this.#arrivalBase + 0x1_8000) & 0xffff) - 0x8000
    if (offset < 0 && this.#arrivals.size === 0) return
    this.#arrivals.set(offset, nowMs)
  }

  #sendFeedback(nowMs: number): void {
    this.#feedbackMs = nowMs
    const media = this.#streams.video ?? this.#streams.audio
    if (this.#arrivals.size === 0 || !media) return
    const offsets = [...this.#arrivals.keys()]
    const first = Math.min(0, ...offsets)
    const count = Math.max(...offsets) - first + 1
    // A feedback spans 8 s at the most; after a sleep of the machine what is older counts as lost.
    const receivedAtMs = Array.from({ length: Math.min(count, maxFeedbackPackets) }, (_, i) => {
      const atMs = this.#arrivals.get(first + i)
      return atMs === undefined || nowMs - atMs > maxFeedbackSpanMs ? null : atMs
    })
    const header = { senderSsrc: this.#ssrc, mediaSsrc: media.ssrc, feedbackCount: this.#feedbackCount++ }
    const baseSequence = (this.#arrivalBase + first) & 0xffff
    this.#arrivals.clear()
    this.#arrivalBase = (baseSequence + count) & 0xffff
    if (this.#transport!.sendRtcp(writeTransportFeedback(header, { baseSequence, receivedAtMs }))) this.#sent.feedback++
  }

  #streamStats(stream: ReceiveStream): ViewerStreamStats {
    const { packetsReceived, bytesReceived, packetsLost, jitterS, recovered, firstPacketAtMs } = stream
    return {
      packetsReceived,
      bytesReceived,
      packetsLost,
      packetsRecovered: recovered,
      jitterS,
      ...(firstPacketAtMs === undefined ? {} : { firstPacketMs: firstPacketAtMs - this.#createdAtMs }),
    }
  }
}

const dataPortOf = (sections: readonly SdpSection[]): number | undefined =>
  sections.find((section) => section.kind === 'application')?.sctpPort

const dataSection = (mid: string | undefined, protocol: string): LocalSection => ({
  kind: 'application',
  mid,
  protocol,
  sctpPort: 5000,
  maxMessageSize: 65_536,
})
