// The only door to werift: the classes in use, and a check at start that the fields behind its types are still there.
import {
  Candidate,
  type Connection,
  candidateFoundation,
  candidatePriority,
  ProtectionProfileAeadAes128Gcm,
  ProtectionProfileAes128CmHmacSha1_80,
  parseIceServers,
  RTCDataChannel,
  RTCDataChannelParameters,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceTransport,
  RTCSctpTransport,
  StunProtocol,
  serverReflexiveCandidate,
} from 'werift'
import { McpxError } from '../base/errors.ts'
import { type Association, sctpWindowBytes } from './sctp-guard.ts'
import { type SrtpKeys, secretKey } from './srtp.ts'
import type { MuxEndpoint } from './udp-mux.ts'

export {
  Candidate,
  candidateFoundation,
  candidatePriority,
  parseIceServers,
  RTCDataChannel,
  RTCDataChannelParameters,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceTransport,
  RTCSctpTransport,
  StunProtocol,
  serverReflexiveCandidate,
}

export const srtpProfiles = [ProtectionProfileAeadAes128Gcm, ProtectionProfileAes128CmHmacSha1_80]

/** A selected path. */
export interface SelectedPair {
  readonly protocol: {
    readonly type: string
    readonly transport?: unknown
    sendData(data: Buffer, to: Address): unknown
  }
  readonly remoteAddr: Address
  readonly localCandidate: Candidate
  readonly remoteCandidate: Candidate
  readonly rtt?: number
}
export type Address = [string, number]

/** A pair of the check list. */
export interface CheckedPair extends SelectedPair {
  readonly protocol: SelectedPair['protocol'] & Pick<StunProtocol, 'request'>
  readonly state: number
  nominated: boolean
  readonly requestsSent: number
  readonly requestTransactionIds: Set<string>
}

/** RFC 8445 6.1.2.6, as werift numbers them. */
export const pairState = { inProgress: 2, succeeded: 3 } as const

type StunMessage = Parameters<StunProtocol['request']>[0]

/** Private parts of werift's ICE agent that are used here. */
export interface IceAgent extends Omit<Connection, 'nominated' | 'checkList'> {
  nominated?: CheckedPair
  checkList: CheckedPair[]
  protocols: StunProtocol[]
  _remoteCandidates: Candidate[]
  queryConsent(): void
  buildRequest(options: {
    nominate: boolean
    localUsername: string
    remoteUsername: string
    iceControlling: boolean
    localCandidate: Candidate
  }): StunMessage
  userHistory: Record<string, string>
  restart(): Promise<void>
  ensureProtocol(protocol: StunProtocol): void
  pairLocalProtocol(protocol: StunProtocol): void
  appendLocalCandidate(candidate: Candidate): void
  canSendApplicationData(): boolean
  getCandidatePromises(addresses: string[], timeoutS?: number): Promise<unknown>[]
}

export const agentOf = (gatherer: RTCIceGatherer): IceAgent => gatherer.connection as unknown as IceAgent

/** Gives a protocol our socket in place of one of its own. */
export function useEndpoint(protocol: StunProtocol, endpoint: MuxEndpoint): void {
  const open = protocol as unknown as { transport: MuxEndpoint; datagramReceived(data: Buffer, from: Address): void }
  open.transport = endpoint
  endpoint.onData = (data, from) => open.datagramReceived(data, [...from])
}

/** A check that came in on some path. */
export interface Check {
  readonly protocol: object
  readonly from: Address
  readonly packet: Buffer
}

export interface CheckFence {
  /** Packets of the paths through a TURN server, which nobody has looked at yet. */
  admits(packet: Buffer): boolean
  /** A packet came from this address over one of our sockets. */
  heard(from: Address): void
  /** `answer` lets the agent deal with the check. */
  check(check: Check, answer: () => void): void
}

interface OpenProtocol {
  datagramReceived?(data: Buffer, from: Address): void
  handleStunMessage?(data: Buffer, from: Address): void
  onRequestReceived: { execute(message: unknown, from: Address, packet: Buffer): void }
}

/** Puts the fence before what comes in on any path of the agent, those of later too. */
export function fenceChecks(agent: IceAgent, fence: CheckFence): void {
  const ensure = agent.ensureProtocol.bind(agent)
  agent.ensureProtocol = (protocol) => {
    ensure(protocol)
    const open = protocol as unknown as OpenProtocol
    const { execute } = open.onRequestReceived
    open.onRequestReceived.execute = (message, from, packet) =>
      fence.check({ protocol, from, packet }, () => execute(message, from, packet))
    const received = open.datagramReceived?.bind(open)
    const relayed = open.handleStunMessage?.bind(open)
    if (received) {
      open.datagramReceived = (data, from) => {
        fence.heard(from)
        received(data, from)
      }
    }
    if (relayed) {
      open.handleStunMessage = (data, from) => {
        if (fence.admits(data)) relayed(data, from)
      }
    }
  }
}

/** Puts `admit` before all who listen to what comes over any path; gives the way past it. */
export function fenceData(agent: IceAgent, admit: (data: Buffer) => Buffer | undefined): (data: Buffer) => void {
  const { execute } = agent.onData
  agent.onData.execute = (data: Buffer) => {
    const admitted = admit(data)
    if (admitted) execute(admitted)
  }
  return execute
}

interface OpenAssociation {
  handleData(packet: Buffer): Promise<void>
  advertisedRwnd: number
  localVerificationTag: number
  lastReceivedTsn: number | undefined
  localTsn: number
  associationState: number
  inboundStreams: Record<string, { reassembly: unknown[] }>
  outboundQueue: unknown[]
  sentQueue: unknown[]
}

interface OpenSctp {
  sctp: OpenAssociation
  dataChannels: Record<string, unknown>
  dataChannelQueue: unknown[]
  datachannelReceive(...message: unknown[]): Promise<void>
}

const establishedState = 4

/** What the association holds now. */
function associationOf({ sctp, dataChannels, dataChannelQueue }: OpenSctp): Association {
  const streams = Object.values(sctp.inboundStreams)
  return {
    verificationTag: sctp.localVerificationTag,
    isEstablished: sctp.associationState === establishedState,
    lastReceivedTsn: sctp.lastReceivedTsn,
    nextTsn: sctp.localTsn,
    heldBytes: sctpWindowBytes - sctp.advertisedRwnd,
    heldChunks: streams.reduce((sum, { reassembly }) => sum + reassembly.length, 0),
    streamIds: new Set([...Object.keys(sctp.inboundStreams), ...Object.keys(dataChannels)].map(Number)),
    backlog: sctp.outboundQueue.length + sctp.sentQueue.length + dataChannelQueue.length,
  }
}

/** Puts SCTP on DTLS with `admit` between them; `onError` gets what the library throws at a packet, which it tells nobody. */
export function joinSctp(
  transport: RTCSctpTransport,
  dtls: RTCDtlsTransport,
  admit: (packet: Buffer, association: Association) => boolean,
  onError: (error: unknown) => void,
): void {
  const open = transport as unknown as OpenSctp
  const receive = open.datachannelReceive
  open.datachannelReceive = (...message) => receive(...message).catch(onError)
  transport.setDtlsTransport(dtls)
  open.sctp.advertisedRwnd = sctpWindowBytes
  dtls.dataReceiver = (packet: Buffer) => {
    if (admit(packet, associationOf(open))) open.sctp.handleData(packet).catch(onError)
  }
}

interface SrtpContext {
  srtpSessionKey: Buffer
  srtpSessionSalt: Buffer
  srtpSessionAuthTag: Buffer
  profile: number
  cipher: { srtcpSessionKey: unknown; srtcpSessionAuthTag?: unknown }
}

/** Both directions of what DTLS derived; also swaps the SRTCP keys for KeyObjects. */
export function takeSrtpKeys(dtls: RTCDtlsTransport): { local: SrtpKeys; remote: SrtpKeys } {
  const srtp = dtls.srtp as unknown as { localContext: SrtpContext; remoteContext: SrtpContext }
  const srtcp = dtls.srtcp as unknown as { localContext: SrtpContext; remoteContext: SrtpContext }
  for (const { cipher } of [srtcp.localContext, srtcp.remoteContext]) {
    cipher.srtcpSessionKey = secretKey(cipher.srtcpSessionKey as Buffer)
    if (cipher.srtcpSessionAuthTag) cipher.srtcpSessionAuthTag = secretKey(cipher.srtcpSessionAuthTag as Buffer)
  }
  return { local: toKeys(srtp.localContext), remote: toKeys(srtp.remoteContext) }
}

const toKeys = (context: SrtpContext): SrtpKeys => ({
  profile: context.profile === ProtectionProfileAeadAes128Gcm ? 'gcm' : 'cm-sha1',
  key: context.srtpSessionKey,
  salt: context.srtpSessionSalt,
  authKey: context.srtpSessionAuthTag,
})

/** Sends a DTLS close_notify alert, so that the other side knows at once. werift has no call for it. */
export function sendCloseNotify(dtls: RTCDtlsTransport): void {
  const socket = dtls.dtls as unknown as
    | { send(data: Buffer): Promise<void>; cipher: { encryptPacket(packet: unknown): unknown } }
    | undefined
  if (!socket || dtls.state !== 'connected') return
  const { cipher } = socket
  const encrypt = cipher.encryptPacket
  cipher.encryptPacket = (packet) => {
    const alert = packet as { recordLayerHeader: { contentType: number } }
    alert.recordLayerHeader.contentType = 21
    return encrypt.call(cipher, packet)
  }
  socket.send(Buffer.from([1, 0])).catch(() => {})
  cipher.encryptPacket = encrypt
}

/** Lets a handshake under way end: its retransmissions go on by themselves otherwise, up to half a minute. */
export function endHandshake(dtls: RTCDtlsTransport): void {
  const socket = dtls.dtls as unknown as { dtls: { flight: number } } | undefined
  if (socket) socket.dtls.flight = Number.MAX_SAFE_INTEGER
}

/** The stream id of the first data channel opened from here; to be set right after `start`. */
export function setFirstStreamId(sctp: RTCSctpTransport, id: 0 | 1): void {
  ;(sctp as unknown as { dataChannelId: number }).dataChannelId = id
}

const agentFields = [
  'protocols',
  'userHistory',
  'localUsername',
  'localPassword',
  'generation',
  'checkList',
  '_remoteCandidates',
  'queryConsent',
  'buildRequest',
  'onData',
  'restart',
  'ensureProtocol',
  'pairLocalProtocol',
  'appendLocalCandidate',
  'canSendApplicationData',
  'getCandidatePromises',
  'gatherCandidates',
  'setRemoteParams',
  'addRemoteCandidate',
  'connect',
  'send',
] as const

/** Throws INTERNAL naming the first field of werift that is not as it was in the version pinned. */
export function assertWeriftShape(): void {
  const gatherer = new RTCIceGatherer({})
  const agent = gatherer.connection as object
  const dtls = new RTCDtlsTransport({}, new RTCIceTransport(gatherer), undefined, srtpProfiles)
  const sctp = new RTCSctpTransport(5000)
  const protocol = new StunProtocol()
  requireFields('Connection', agent, agentFields)
  requireFields('StunProtocol', protocol, ['datagramReceived', 'onRequestReceived', 'onDataReceived', 'request'])
  requireFields('RTCDtlsTransport', dtls, [
    'role',
    'startSrtp',
    'updateSrtpSession',
    'onStateChange',
    'setRemoteParams',
    'dataReceiver',
  ])
  requireFields('RTCSctpTransport', sctp, [
    'setDtlsTransport',
    'start',
    'stop',
    'onDataChannel',
    'dataChannels',
    'dataChannelQueue',
    'datachannelReceive',
  ])
  sctp.setDtlsTransport(dtls)
  requireFields('SCTP', sctp.sctp, [
    'handleData',
    'advertisedRwnd',
    'localVerificationTag',
    'lastReceivedTsn',
    'localTsn',
    'associationState',
    'inboundStreams',
    'outboundQueue',
    'sentQueue',
  ])
}

function requireFields(what: string, value: object, fields: readonly string[]): void {
  const missing = fields.find((field) => !(field in value))
  if (missing) throw new McpxError('INTERNAL', `this version of werift has no ${what}.${missing}`)
}
