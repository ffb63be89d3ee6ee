// The peer that sends: negotiates with a viewer, gives an outlet for each kind, and tells what the viewer reports.
import { randomInt } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import type { Logger } from '../base/logger.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import { maxControlLength } from '../protocol/control.ts'
import type { IceCandidate, PeerSettings } from '../protocol/media-plane.ts'
import { answerSection, offerSections, type Sender, type Settled } from './local-sections.ts'
import { isSameCodec, transportSequenceIdOf, uniqueCandidates, usableTransport } from './negotiate.ts'
import type {
  ChosenCodecs,
  CodecParameters,
  Peer,
  PeerEvents,
  PeerTimings,
  SentObserver,
  ViewerCodecs,
} from './peer.ts'
import { parseRtcp, type RtcpPacket } from './rtcp.ts'
import { Outlet } from './rtp-outlet.ts'
import {
  codecsOf,
  maxCandidates,
  type NegotiatedCodec,
  parseCandidate,
  parseSdp,
  type RemoteCandidate,
  type SdpSection,
} from './sdp.ts'
import { type LocalSection, writeSdp } from './sdp-write.ts'
import { SentPackets } from './sent-packets.ts'
import { Transport } from './transport.ts'
import { parseTransportFeedback } from './transport-feedback.ts'
import { createUdpMux, hostAddresses, type UdpMux } from './udp-mux.ts'
import { assertWeriftShape } from './werift.ts'

export interface PeerFactory {
  /** A peer that waits for acceptOffer or createOffer. */
  createPeer(): Promise<Peer>
  readonly openPeers: number
  /** Where the shared socket listens; empty with udpPortRange. */
  readonly addresses: readonly { address: string; port: number }[]
  /** Packets dropped at the shared socket. */
  readonly dropped: { readonly unknownPackets: number; readonly forgedChecks: number }
  /** Closes every peer and the socket. */
  close(): Promise<void>
}

interface PeerDependencies {
  readonly clock: Clock
  readonly logger: Logger
  /** A whole number from 0 to below `end`; node:crypto when absent. */
  readonly random?: (end: number) => number
  /** Called between the pieces of a queue of work, so that media need not wait for the whole of it. */
  readonly breathe?: () => void
}

/** Opens the shared socket. Throws PORT_IN_USE, or INTERNAL when werift is not the version this was made for. */
export async function createPeerFactory(settings: PeerSettings, deps: PeerDependencies): Promise<PeerFactory> {
  assertWeriftShape()
  const { breathe = () => {} } = deps
  const peers = new Set<SendingPeer>()
  const addresses = hostAddresses(settings.bindAddresses)
  const range = settings.udpPortRange
  const shared = range ? undefined : await createUdpMux({ addresses, port: settings.udpPort ?? 0, breathe })
  const random = deps.random ?? ((end: number) => randomInt(end))
  let isClosed = false
  let created = 0

  return {
    async createPeer() {
      if (isClosed) throw new McpxError('STREAM_CONFLICT', 'the peer factory is closed')
      const mux = shared ?? (await createUdpMux({ addresses, portRange: range!, offset: created++, breathe }))
      const peer = new SendingPeer({ settings, ...deps, random, breathe, mux }, async () => {
        peers.delete(peer)
        if (mux !== shared) await mux.close()
      })
      peers.add(peer)
      return peer
    },
    get openPeers() {
      return peers.size
    },
    addresses: shared ? shared.addresses : [],
    dropped: shared ? shared.stats : { unknownPackets: 0, forgedChecks: 0 },
    async close() {
      isClosed = true
      await Promise.all([...peers].map((peer) => peer.close()))
      await shared?.close()
    },
  }
}

interface PeerContext extends Required<PeerDependencies> {
  readonly settings: PeerSettings
  readonly mux: UdpMux
}

class SendingPeer implements Peer {
  readonly events: Events<PeerEvents>
  outlets: readonly Outlet[] = []
  readonly #context: PeerContext
  readonly #onClosed: () => Promise<void>
  readonly #cname: string
  readonly #sessionId: number
  #version = 1
  #transport: Transport | undefined
  #offered: { sections: LocalSection[] } | undefined
  readonly #sentPackets = new SentPackets()
  #early: RemoteCandidate[] = []
  #closing: Promise<void> | undefined
  #isBusy = false

  constructor(context: PeerContext, onClosed: () => Promise<void>) {
    this.#context = context
    this.#onClosed = onClosed
    this.events = new Events((error) => context.logger.warn({ err: error }, 'a peer listener failed'))
    this.#cname = `mcpx-${context.random(2 ** 32).toString(36)}`
    this.#sessionId = 1 + context.random(2 ** 32)
  }

  get connectionState(): ConnectionState {
    return this.#closing ? 'closed' : (this.#transport?.connection ?? 'new')
  }

  get iceState(): IceState {
    return this.#closing ? 'closed' : (this.#transport?.ice ?? 'new')
  }

  get timings(): PeerTimings {
    return this.#transport?.timings ?? {}
  }

  get remoteAddress(): string | undefined {
    const address = this.#transport?.selected?.remoteAddr
    if (!address) return undefined
    return address[0].includes(':') ? `[${address[0]}]:${address[1]}` : `${address[0]}:${address[1]}`
  }

  acceptOffer(sdp: string, choose: (viewer: ViewerCodecs) => Promise<ChosenCodecs>): Promise<string> {
    return this.#exclusive(async () => {
      const offer = parseSdp(sdp)
      const { ice, fingerprints, setup, sections } = usableTransport(offer)
      const settled = this.outlets.length > 0 ? this.#settleAgain(sections) : await this.#choose(sections, choose)
      const transport = await this.#openTransport(false)
      const dtlsRole = setup === 'passive' ? 'client' : 'server'
      const data = sections.find((section) => section.kind === 'application' && section.sctpPort !== undefined)
      const isNew = this.outlets.length === 0
      if (data && isNew) transport.prepareData(false)
      const isRestart = transport.setRemote({ ice, fingerprints, isIceLite: offer.isIceLite, dtlsRole })
      if (isNew) this.outlets = settled.map(({ section, codec }) => this.#createOutlet(section, codec))
      await transport.gather()
      this.#assertOpen()
      await this.#addCandidates(sections)
      if (isRestart || !transport.isStarted) transport.start(data?.sctpPort)
      const local = { ...transport.local, setup: dtlsRole === 'server' ? ('passive' as const) : ('active' as const) }
      return writeSdp(
        { sessionId: this.#sessionId, version: this.#version++ },
        { ...local, candidates: transport.candidates, isComplete: transport.isGathered },
        offer.sections.map((section) => answerSection(section, { settled, data, usable: sections }, this.#sender)),
      )
    })
  }

  createOffer(
    codecs: { video?: readonly CodecParameters[]; audio?: readonly CodecParameters[] },
    options: { iceRestart?: boolean } = {},
  ): Promise<string> {
    return this.#exclusive(async () => {
      const isFirst = this.#offered === undefined
      const transport = await this.#openTransport(true)
      if (isFirst) transport.prepareData(true)
      this.#offered ??= { sections: offerSections(codecs, this.#sender) }
      if (options.iceRestart && !isFirst) transport.restart()
      // Candidates trickle: an offer that waited for a STUN server would cost the viewer those seconds.
      const gathering = transport.gather()
      if (this.#context.settings.iceServers.length === 0) await gathering
      else gathering.catch(() => {})
      this.#assertOpen()
      return writeSdp(
        { sessionId: this.#sessionId, version: this.#version++ },
        { ...transport.local, setup: 'actpass', candidates: transport.candidates, isComplete: transport.isGathered },
        this.#offered.sections,
      )
    })
  }

  acceptAnswer(sdp: string, choose: (viewer: ViewerCodecs) => Promise<ChosenCodecs>): Promise<void> {
    return this.#exclusive(async () => {
      const transport = this.#transport
      const offered = this.#offered
      if (!transport || !offered) throw new McpxError('STREAM_CONFLICT', 'an answer without an offer')
      const answer = parseSdp(sdp)
      const { ice, fingerprints, setup, sections } = usableTransport(answer)
      const isNew = this.outlets.length === 0
      const settled = isNew ? await this.#choose(sections, choose) : []
      const data = sections.find((section) => section.kind === 'application' && section.sctpPort !== undefined)
      const dtlsRole = setup === 'passive' ? 'client' : 'server'
      const before = transport.remoteFragment
      transport.setRemote({ ice, fingerprints, isIceLite: answer.isIceLite, dtlsRole })
      if (isNew) this.outlets = settled.map(({ section, codec }) => this.#createOutlet(section, codec))
      await this.#addCandidates(sections)
      if (!transport.isStarted || before !== ice.ufrag) transport.start(data?.sctpPort)
    })
  }

  async addCandidate(candidate: IceCandidate | null): Promise<void> {
    // End of candidates is not passed on: checks from addresses that the viewer hides may still come.
    if (candidate === null || candidate.candidate === '') return
    const transport = this.#transport
    if (transport?.remoteFragment) return transport.addCandidate(candidate.candidate)
    const parsed = parseCandidate(candidate.candidate)
    const isKnown = this.#early.some(({ address, port }) => address === parsed?.address && port === parsed.port)
    if (parsed && !isKnown && this.#early.length < maxCandidates) this.#early.push(parsed)
  }

  observeSent(observer: SentObserver): void {
    this.#sentPackets.observer = observer
  }

  sendControl(text: string): boolean {
    return text.length <= maxControlLength * 4 && (this.#transport?.sendControl(text) ?? false)
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    await this.#transport?.close()
    await this.#onClosed()
    this.outlets = []
    this.events.emit('state', 'closed', 'closed')
    this.events.removeAll()
  }

  /** Negotiation goes one step at a time; a second one meanwhile is a conflict. */
  async #exclusive<T>(run: () => Promise<T>): Promise<T> {
    this.#assertOpen()
    if (this.#isBusy) throw new McpxError('STREAM_CONFLICT', 'a negotiation of this peer is under way')
    this.#isBusy = true
    try {
      return await run()
    } finally {
      this.#isBusy = false
    }
  }

  #assertOpen(): void {
    if (this.#closing) throw new McpxError('STREAM_CONFLICT', 'the peer is closed')
  }

  async #openTransport(isControlling: boolean): Promise<Transport> {
    if (this.#transport) return this.#transport
    const { settings, mux, clock, logger } = this.#context
    const { iceServers, announceAddresses } = settings
    const transport = await Transport.create({ mux, isControlling, iceServers, announceAddresses, clock, logger })
    if (this.#closing) {
      await transport.close()
      this.#assertOpen()
    }
    this.#transport = transport
    transport.events.on('state', (connection, ice) => {
      if (!this.#closing) this.events.emit('state', connection, ice)
    })
    transport.events.on('candidate', (candidate) =>
      this.events.emit(
        'candidate',
        candidate === null ? null : { candidate, sdpMLineIndex: 0, ...this.#candidateMid() },
      ),
    )
    transport.events.on('control', (text) => this.events.emit('control', text))
    transport.events.on('controlOpen', () => this.events.emit('controlOpen'))
    transport.events.on('rtcp', (compound) => {
      for (const packet of parseRtcp(compound)) this.#onRtcp(packet)
    })
    return transport
  }

  #candidateMid(): { sdpMid?: string } {
    const [first] = this.#offered?.sections ?? []
    return first && first.kind !== 'refused' && first.mid !== undefined ? { sdpMid: first.mid } : {}
  }

  async #addCandidates(sections: readonly SdpSection[]): Promise<void> {
    const early = this.#early
    this.#early = []
    for (const candidate of [...uniqueCandidates(sections), ...early]) await this.#transport!.addCandidate(candidate)
  }

  async #choose(
    sections: readonly SdpSection[],
    choose: (viewer: ViewerCodecs) => Promise<ChosenCodecs>,
  ): Promise<Settled[]> {
    const first = (kind: MediaKind) =>
      sections.find((s) => s.kind === kind && (s.direction === 'recvonly' || s.direction === 'sendrecv'))
    const found = { video: first('video'), audio: first('audio') }
    const viewer = {
      video: found.video ? codecsOf(found.video) : [],
      audio: found.audio ? codecsOf(found.audio) : [],
    }
    const chosen = await choose(viewer)
    this.#assertOpen()
    return (['video', 'audio'] as const).flatMap((kind) => {
      const wanted = chosen[kind]
      const section = found[kind]
      if (!wanted) return []
      const codec = viewer[kind].find((offered) => isSameCodec(offered, wanted))
      if (!section || !codec) throw new McpxError('INTERNAL', `${wanted.codec} was chosen, but the viewer has it not`)
      return [{ section, codec }]
    })
  }

  /** The sections of a later offer that carry what is being sent already. */
  #settleAgain(sections: readonly SdpSection[]): Settled[] {
    return this.outlets.map((outlet) => {
      const candidates = sections.filter((section) => section.kind === outlet.kind)
      for (const section of candidates) {
        const codec = codecsOf(section).find((offered) => offered.payloadType === outlet.payloadType)
        if (codec?.codec === outlet.codec.codec) return { section, codec }
      }
      throw new McpxError('INVALID_SDP', `the new offer has no ${outlet.kind} section for ${outlet.codec.codec}`)
    })
  }

  #createOutlet(section: SdpSection, codec: NegotiatedCodec): Outlet {
    const { random } = this.#context
    return new Outlet(
      {
        ...this.#source(section.kind as MediaKind),
        kind: section.kind as MediaKind,
        codec,
        payloadType: codec.payloadType,
        rtxPayloadType: codec.rtxPayloadType,
        rtxSequence: random(2 ** 15),
        transportSequenceId: transportSequenceIdOf(section, codec),
        cname: this.#cname,
      },
      { path: this.#transport!, sentPackets: this.#sentPackets, clock: this.#context.clock },
    )
  }

  readonly #sources = new Map<MediaKind, { ssrc: number; rtxSsrc: number }>()

  /** The SSRCs of a kind; the same ones in every description. */
  #source(kind: MediaKind): { ssrc: number; rtxSsrc: number } {
    const { random } = this.#context
    const found = this.#sources.get(kind) ?? { ssrc: 1 + random(2 ** 31), rtxSsrc: 2 ** 31 + random(2 ** 30) }
    this.#sources.set(kind, found)
    return found
  }

  get #sender(): Sender {
    return { cname: this.#cname, sctpPort: this.#transport!.sctpPort, source: (kind) => this.#source(kind) }
  }

  #onRtcp(packet: RtcpPacket): void {
    if (packet.type === 'transport-feedback') {
      const feedback = parseTransportFeedback(packet.body)
      if (feedback) this.events.emit('acked', this.#sentPackets.acknowledge(feedback, this.#context.clock.now()))
      return
    }
    if (packet.type === 'remb') {
      if (packet.ssrcs.some((ssrc) => this.#outletOf(ssrc))) this.events.emit('remb', packet.bitrateBps)
      return
    }
    if (packet.type === 'picture-loss') {
      if (packet.mediaSsrcs.some((ssrc) => this.#outletOf(ssrc))) this.events.emit('pictureLoss')
      return
    }
    if (packet.type === 'nack') {
      const outlet = this.#outletOf(packet.mediaSsrc)
      if (outlet) this.events.emit('nack', outlet.kind, packet.sequences)
      return
    }
    if (packet.type === 'bye') return
    for (const block of packet.blocks) {
      const outlet = this.#outletOf(block.ssrc)
      if (!outlet) continue
      const roundTripTimeS = outlet.roundTripTimeS(block.lastSenderReport, block.delaySinceLastSenderReport)
      this.events.emit('receiverReport', {
        kind: outlet.kind,
        fractionLost: block.fractionLost,
        packetsLost: block.packetsLost,
        highestSequence: block.highestSequence,
        jitterS: block.jitter / (outlet.kind === 'video' ? 90_000 : 48_000),
        ...(roundTripTimeS === undefined ? {} : { roundTripTimeS }),
      })
    }
  }

  #outletOf(ssrc: number): Outlet | undefined {
    return this.outlets.find((outlet) => outlet.ssrc === ssrc)
  }
}
