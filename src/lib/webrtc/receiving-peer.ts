// The peer that receives, for `mcpx stream`, test clients and tests: a headless viewer that reports like a browser does.
import { randomInt } from 'node:crypto'
import type { Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import type { ConnectionState } from '../model/stream.ts'
import { clockRateOf, type MediaKind } from '../model/track.ts'
import { Descriptions } from './descriptions.ts'
import { createUdpMux, hostAddresses, type UdpMux } from './ice/udp-mux.ts'
import { everyTick } from './peer-ticker.ts'
import {
  type ViewerEvents,
  type ViewerOptions,
  type ViewerStats,
  type ViewerStreamStats,
  viewerCodecs,
} from './receiving-peer-types.ts'
import { type ParsedRtp, parseRtpHeader, payloadOf, ReceiveStream } from './rtp/receive-stream.ts'
import { ReceiverFeedback } from './rtp/receiver-feedback.ts'
import { compactNtp, parseRtcp, wallMsOf } from './rtp/rtcp.ts'
import { type RtpFormat, RtpFormats } from './rtp/rtp-formats.ts'
import { dataSectionOf, uniqueCandidates, usableTransport } from './sdp/negotiate.ts'
import { type ReceivingSide, receivingAnswer, receivingOffer } from './sdp/receiving-sections.ts'
import { parseSdp } from './sdp/sdp.ts'
import type { LocalSection } from './sdp/sdp-write.ts'
import { Rollover } from './srtp/srtp.ts'
import { Transport } from './transport.ts'

export { type ReceivedRtp, type ViewerOptions, type ViewerStats, viewerCodecs } from './receiving-peer-types.ts'

/** Throws PORT_IN_USE when no socket can be had. */
export async function createReceivingPeer(options: ViewerOptions): Promise<ReceivingPeer> {
  const addresses = options.bindAddresses ? hostAddresses(options.bindAddresses) : allAddresses()
  const mux = await createUdpMux({ addresses, path: options.path })
  return new ReceivingPeer(options, mux)
}

const allAddresses = (): string[] => [...new Set(['127.0.0.1', ...hostAddresses([])])]

export class ReceivingPeer {
  readonly events: Events<ViewerEvents>
  readonly #options: ViewerOptions
  readonly #mux: UdpMux
  readonly #createdAtMs: number
  readonly #ssrc = 1 + randomInt(2 ** 31)
  readonly #descriptions = new Descriptions(1 + randomInt(2 ** 31))
  readonly #formats = new RtpFormats()
  readonly #rollovers = new Map<number, Rollover>()
  readonly #streams: Partial<Record<MediaKind, ReceiveStream>> = {}
  readonly #feedback = new ReceiverFeedback({
    ssrc: this.#ssrc,
    streams: this.#streams,
    send: (compound) => this.#transport!.sendRtcp(compound),
    roundTripTimeS: () => this.#transport?.selected?.rtt ?? 0,
  })
  #transport: Transport | undefined
  #offered: LocalSection[] | undefined
  #ticker: Timer | undefined
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

  /** Ports of its own sockets. */
  get localPorts(): readonly number[] {
    return this.#mux.addresses.map(({ port }) => port)
  }

  /** A recvonly offer with all candidates; on a running connection with `iceRestart`, new credentials. */
  async offer(options: { iceRestart?: boolean } = {}): Promise<string> {
    const transport = await this.#openTransport(true)
    transport.prepareData(true)
    this.#offered ??= receivingOffer(this.#sideOf(transport))
    if (options.iceRestart) transport.restart()
    await transport.gather()
    return this.#descriptions.write(transport, 'actpass', this.#offered)
  }

  async acceptAnswer(sdp: string): Promise<void> {
    const transport = this.#transport
    if (!transport) throw new McpxError('STREAM_CONFLICT', 'an answer without an offer')
    const answer = parseSdp(sdp)
    const { ice, fingerprints, setup, sections } = usableTransport(answer)
    const isNew = transport.remoteFragment === ''
    const isRestarted = transport.remoteFragment !== ice.ufrag
    const dtlsRole = setup === 'active' ? 'server' : 'client'
    this.#formats.learn(sections)
    transport.setRemote({ ice, fingerprints, isIceLite: answer.isIceLite, dtlsRole })
    for (const candidate of uniqueCandidates(sections)) await transport.addCandidate(candidate)
    if (isNew || isRestarted) transport.start(dataSectionOf(sections)?.sctpPort)
  }

  /** Answers an offer of the server (dialect A): takes what it can receive, refuses the rest. */
  async acceptOffer(sdp: string): Promise<string> {
    const offer = parseSdp(sdp)
    const { ice, fingerprints, setup, sections } = usableTransport(offer)
    const transport = await this.#openTransport(false)
    const isNew = transport.remoteFragment === ''
    const dtlsRole = setup === 'active' ? 'server' : 'client'
    const dataPort = dataSectionOf(sections)?.sctpPort
    if (dataPort !== undefined) transport.prepareData(false)
    this.#formats.learn(sections)
    const isRestart = transport.setRemote({ ice, fingerprints, isIceLite: offer.isIceLite, dtlsRole })
    await transport.gather()
    for (const candidate of uniqueCandidates(sections)) await transport.addCandidate(candidate)
    if (isNew || isRestart) transport.start(dataPort)
    const side = this.#sideOf(transport)
    const answers = offer.sections.map((section) => receivingAnswer(section, sections.includes(section), side))
    return this.#descriptions.write(transport, dtlsRole === 'client' ? 'active' : 'passive', answers)
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
    this.#feedback.requestKeyFrame()
  }

  stats(): ViewerStats {
    const transport = this.#transport
    const pair = transport?.selected
    const { video, audio } = this.#streams
    const { sent } = this.#feedback
    return {
      ...(video ? { video: this.#streamStats(video) } : {}),
      ...(audio ? { audio: this.#streamStats(audio) } : {}),
      nacksSent: sent.nacks,
      pictureLossSent: sent.pictureLoss,
      reportsSent: sent.reports,
      feedbackSent: sent.feedback,
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
    transport.events.on('control', (text) => this.events.emit('control', text))
    transport.events.on('controlOpen', () => this.events.emit('controlOpen'))
    transport.events.on('candidate', (candidate) =>
      this.events.emit('candidate', candidate === null ? null : { candidate, sdpMid: '0', sdpMLineIndex: 0 }),
    )
    transport.events.on('connected', () => {
      this.#ticker ??= everyTick(clock, () => this.#feedback.tick(clock.now()))
    })
    transport.events.on('rtp', (packet) => this.#onRtp(packet))
    transport.events.on('rtcp', (compound) => this.#onRtcp(compound))
    return transport
  }

  #sideOf({ sctpPort }: Transport): ReceivingSide {
    return { codecs: this.#options.codecs ?? viewerCodecs, sctpPort }
  }

  #onRtp(encrypted: Buffer): void {
    const { unprotect } = this.#transport!
    const header = parseRtpHeader(encrypted, this.#formats.transportSequenceId)
    const format = header && this.#formats.of(header.payloadType)
    if (!unprotect || !format || this.#options.drop?.(header)) return
    const rollover = this.#rollovers.get(header.ssrc) ?? new Rollover()
    const packet = unprotect(encrypted, header.headerLength, rollover.peek(header.sequence))
    if (!packet) return
    rollover.advance(header.sequence)
    this.#rollovers.set(header.ssrc, rollover)
    const nowMs = this.#options.clock.now()
    if (header.transportSequence !== undefined) this.#feedback.noteArrival(header.transportSequence, nowMs)
    const payload = payloadOf(packet, header.headerLength)
    if (!payload) return
    if (format.isRtx) this.#onRtx(header, payload, format, nowMs)
    else this.#deliver(header, payload, format, nowMs, false)
  }

  /** RFC 4588 4: the original sequence stands before the payload. */
  #onRtx(header: ParsedRtp, payload: Buffer, format: RtpFormat, nowMs: number): void {
    const stream = this.#streams[format.kind]
    if (!stream || payload.length < 2) return
    const original = { ...header, sequence: payload.readUInt16BE(0), ssrc: stream.ssrc }
    this.#deliver(original, payload.subarray(2), format, nowMs, true)
  }

  #deliver(header: ParsedRtp, payload: Buffer, format: RtpFormat, nowMs: number, isRecovered: boolean): void {
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
