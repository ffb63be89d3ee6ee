// The peer that sends: negotiates with a viewer, gives an outlet for each kind, and tells what the viewer reports.
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import type { Logger } from '../base/logger.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import { maxControlLength } from '../protocol/control.ts'
import type { IceCandidate, PeerSettings } from '../protocol/media-plane.ts'
import { Descriptions } from './descriptions.ts'
import type { UdpMux } from './ice/udp-mux.ts'
import type {
  ChosenCodecs,
  CodecParameters,
  Peer,
  PeerEvents,
  PeerTimings,
  SentObserver,
  ViewerCodecs,
} from './peer.ts'
import { dispatchRtcp } from './rtp/rtcp-dispatch.ts'
import { Outlet } from './rtp/rtp-outlet.ts'
import { SentPackets } from './rtp/sent-packets.ts'
import { answerSection, offerSections, type Sender } from './sdp/local-sections.ts'
import { dataSectionOf, transportSequenceIdOf, uniqueCandidates, usableTransport } from './sdp/negotiate.ts'
import {
  maxCandidates,
  type NegotiatedCodec,
  parseCandidate,
  parseSdp,
  type RemoteCandidate,
  type SdpSection,
} from './sdp/sdp.ts'
import type { LocalSection } from './sdp/sdp-write.ts'
import { settle, settleAgain } from './settle.ts'
import { Transport } from './transport.ts'

export interface SendingPeerContext {
  readonly settings: PeerSettings
  readonly clock: Clock
  readonly logger: Logger
  /** A whole number from 0 to below `end`. */
  readonly random: (end: number) => number
  readonly mux: UdpMux
}

export class SendingPeer implements Peer {
  readonly events: Events<PeerEvents>
  outlets: readonly Outlet[] = []
  readonly #context: SendingPeerContext
  readonly #onClosed: () => Promise<void>
  readonly #cname: string
  readonly #descriptions: Descriptions
  #transport: Transport | undefined
  #offered: { sections: LocalSection[] } | undefined
  readonly #sentPackets = new SentPackets()
  #early: RemoteCandidate[] = []
  #closing: Promise<void> | undefined
  #isBusy = false

  constructor(context: SendingPeerContext, onClosed: () => Promise<void>) {
    this.#context = context
    this.#onClosed = onClosed
    this.events = new Events((error) => context.logger.warn({ err: error }, 'a peer listener failed'))
    this.#cname = `mcpx-${context.random(2 ** 32).toString(36)}`
    this.#descriptions = new Descriptions(1 + context.random(2 ** 32))
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

  get packetsReceived(): number {
    return this.#transport?.packetsReceived ?? 0
  }

  get failure(): McpxError | undefined {
    return this.#transport?.failure
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
      const settled = this.outlets.length > 0 ? settleAgain(sections, this.outlets) : await settle(sections, choose)
      this.#assertOpen()
      const transport = await this.#openTransport(false)
      const dtlsRole = setup === 'passive' ? 'client' : 'server'
      const data = dataSectionOf(sections)
      const isNew = this.outlets.length === 0
      if (data && isNew) transport.prepareData(false)
      const isRestart = transport.setRemote({ ice, fingerprints, isIceLite: offer.isIceLite, dtlsRole })
      if (isNew) this.outlets = settled.map(({ section, codec }) => this.#createOutlet(section, codec))
      await transport.gather()
      this.#assertOpen()
      await this.#addCandidates(sections)
      if (isRestart || !transport.isStarted) transport.start(data?.sctpPort)
      const answers = offer.sections.map((section) =>
        answerSection(section, { settled, data, usable: sections }, this.#sender),
      )
      return this.#descriptions.write(transport, dtlsRole === 'server' ? 'passive' : 'active', answers)
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
      return this.#descriptions.write(transport, 'actpass', this.#offered.sections)
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
      const settled = isNew ? await settle(sections, choose) : []
      this.#assertOpen()
      const data = dataSectionOf(sections)
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
    transport.events.on('rtcp', (compound) =>
      dispatchRtcp(compound, {
        outlets: this.outlets,
        sentPackets: this.#sentPackets,
        events: this.events,
        nowMs: clock.now(),
      }),
    )
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

  /** The SSRCs of a kind, the same ones in every description. No two of a peer are equal: with one key, their key streams would be. */
  #source(kind: MediaKind): { ssrc: number; rtxSsrc: number } {
    const known = this.#sources.get(kind)
    if (known) return known
    const parity = kind === 'video' ? 1 : 2
    const below = (end: number) => 2 * this.#context.random(end) + parity
    const source = { ssrc: below(2 ** 30 - 1), rtxSsrc: 2 ** 31 + below(2 ** 30 - 1) }
    this.#sources.set(kind, source)
    return source
  }

  get #sender(): Sender {
    return { cname: this.#cname, sctpPort: this.#transport!.sctpPort, source: (kind) => this.#source(kind) }
  }
}
