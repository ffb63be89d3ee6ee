// The only door to werift: the classes in use, and a check at start that the fields behind its types are still there.
import {
  Candidate,
  type Connection,
  candidateFoundation,
  candidatePriority,
  DtlsClient,
  makeIntegrityKey,
  ProtectionProfileAeadAes128Gcm,
  ProtectionProfileAes128CmHmacSha1_80,
  parseIceServers,
  parseMessage as parseStunMessage,
  type RTCCertificate,
  RTCDataChannel,
  RTCDataChannelParameters,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceTransport,
  RTCSctpTransport,
  Message as StunMessage,
  StunProtocol,
  serverReflexiveCandidate,
  classes as stunClasses,
  methods as stunMethods,
} from 'werift'
import { McpxError } from '../base/errors.ts'
import { useNodeCrypto } from './handshake-crypto.ts'
import { deriveSessionKeys, masterKeyLength, masterSaltLength, type SessionKeys } from './srtp/srtp-keys.ts'

export {
  Candidate,
  candidateFoundation,
  candidatePriority,
  makeIntegrityKey,
  parseIceServers,
  parseStunMessage,
  RTCDataChannel,
  RTCDataChannelParameters,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceTransport,
  RTCSctpTransport,
  StunMessage,
  StunProtocol,
  serverReflexiveCandidate,
  stunClasses,
  stunMethods,
}

/**
 * In order of preference where this side chooses. AES-CM with HMAC-SHA1 is the one that every peer must have (RFC 8827 6.5) and
 * takes half of what GCM takes by node:crypto, which makes an object and three buffers for each packet.
 */
export const srtpProfiles = [ProtectionProfileAes128CmHmacSha1_80, ProtectionProfileAeadAes128Gcm]

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
  rtt?: number
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

/** Private parts of werift's ICE agent that are used here. */
export interface IceAgent extends Omit<Connection, 'nominated' | 'checkList'> {
  nominated?: CheckedPair
  checkList: CheckedPair[]
  protocols: StunProtocol[]
  _remoteCandidates: Candidate[]
  queryConsent(): void
  /** Ends the agent's own consent checks. */
  stopConsentLifecycle(): void
  consentFresh: boolean
  tieBreaker: bigint
  setState(state: Connection['state']): void
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

/** Has the shape of werift's Transport. */
interface Endpoint {
  onData: (data: Buffer, from: readonly [string, number]) => void
}

/** Gives a protocol our socket in place of one of its own. */
export function useEndpoint(protocol: StunProtocol, endpoint: Endpoint): void {
  const open = protocol as unknown as { transport: Endpoint; datagramReceived(data: Buffer, from: Address): void }
  open.transport = endpoint
  endpoint.onData = (data, from) => open.datagramReceived(data, [...from])
}

/** Both directions of what DTLS negotiated. Throws when the other side agreed to no profile. */
export function sessionKeysOf(dtls: RTCDtlsTransport): { local: SessionKeys; remote: SessionKeys } {
  const { dtls: socket } = dtls
  const id = socket?.srtp.srtpProfile
  if (!socket || id === undefined) throw new McpxError('PEER_FAILED', 'the other side offers no SRTP')
  const profile = id === ProtectionProfileAeadAes128Gcm ? 'gcm' : 'cm-sha1'
  const master = socket.extractSessionKeys(masterKeyLength, masterSaltLength(profile))
  return {
    local: deriveSessionKeys(profile, master.localKey, master.localSalt),
    remote: deriveSessionKeys(profile, master.remoteKey, master.remoteSalt),
  }
}

/** One message of the handshake, whole. */
export interface HandshakeMessage {
  /** RFC 5246 7.4. */
  readonly type: number
  readonly body: Buffer
  /** As it counts in the transcript (RFC 6347 4.2.6): with its header, as if it had come in one fragment. */
  readonly serialized: Buffer
}

export interface Handshake {
  /** What we were in it. */
  readonly role: 'client' | 'server'
  /** In the order of the protocol, from the ClientHello with its cookie on. */
  readonly messages: readonly HandshakeMessage[]
  /** DER, as the other side showed it; its fingerprint is checked elsewhere. */
  readonly remoteCertificate: Buffer
}

/** What was said in a finished handshake. */
export function handshakeOf(dtls: RTCDtlsTransport): Handshake {
  const socket = dtls.dtls as unknown as {
    remoteCertificate: Uint8Array | undefined
    dtls: { sortedHandshakeCache: { msg_type: number; fragment: Buffer; serialize(): Buffer }[] }
  }
  return {
    role: dtls.role === 'client' ? 'client' : 'server',
    remoteCertificate: Buffer.from(socket.remoteCertificate ?? []),
    messages: socket.dtls.sortedHandshakeCache.map((message) => ({
      type: message.msg_type,
      body: message.fragment,
      serialized: message.serialize(),
    })),
  }
}

const fingerprints = new WeakMap<RTCCertificate, string>()

/** `algorithm value` of the certificate, which is one for all connections of the thread: werift parses it at each question. */
export function fingerprintOf(dtls: RTCDtlsTransport): string {
  const certificate = dtls.localCertificate!
  const known = fingerprints.get(certificate)
  if (known !== undefined) return known
  const [found] = certificate.getFingerprints()
  const text = `${found!.algorithm} ${found!.value}`
  fingerprints.set(certificate, text)
  return text
}

/** The gatherer of an agent that gathers on our sockets: it does not look for addresses itself. */
export function createGatherer(options: ConstructorParameters<typeof RTCIceGatherer>[0]): RTCIceGatherer {
  return new RTCIceGatherer({ ...options, useIpv4: false, useIpv6: false })
}

/** Begins the handshake. As a client werift waits 100 ms before its first flight, for a server that may not listen yet; ours does. */
export function startDtls(dtls: RTCDtlsTransport): Promise<void> {
  const started = dtls.start()
  const socket = dtls.dtls
  if (!(socket instanceof DtlsClient)) return started
  const connect = socket.connect.bind(socket)
  socket.connect = async () => {}
  connect().catch((error: Error) => socket.onError.execute(error))
  return started
}

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

interface OpenCipher {
  readonly cipher: object | undefined
  decryptPacket(record: { recordLayerHeader: object; fragment: Buffer }): Buffer
}

/** What an encrypted DTLS record says; undefined when it is not the other side's, and before there are keys. */
export function openRecord(dtls: RTCDtlsTransport, record: Buffer): Buffer | undefined {
  const { cipher } = (dtls.dtls ?? {}) as unknown as { cipher?: OpenCipher }
  if (!cipher?.cipher) return undefined
  const recordLayerHeader = {
    contentType: record[0],
    protocolVersion: { major: record[1], minor: record[2] },
    epoch: record.readUInt16BE(3),
    sequenceNumber: record.readUIntBE(5, 6),
  }
  try {
    return cipher.decryptPacket({ recordLayerHeader, fragment: record.subarray(13) })
  } catch {
    return undefined
  }
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
  'stopConsentLifecycle',
  'consentFresh',
  'tieBreaker',
  'setState',
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
  useNodeCrypto()
  const gatherer = new RTCIceGatherer({})
  const agent = gatherer.connection as object
  const dtls = new RTCDtlsTransport({}, new RTCIceTransport(gatherer), undefined, srtpProfiles)
  const sctp = new RTCSctpTransport(5000)
  const protocol = new StunProtocol()
  requireFields('Connection', agent, agentFields)
  requireFields('StunProtocol', protocol, ['datagramReceived', 'onRequestReceived', 'onDataReceived', 'request'])
  requireFields('RTCDtlsTransport', dtls, ['role', 'startSrtp', 'onStateChange', 'setRemoteParams', 'dataReceiver'])
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
