// Where the fences stand in werift: before its checks, its DTLS and its SCTP. What they let through is decided elsewhere.
import { type Association, sctpWindowBytes } from './sctp/sctp-guard.ts'
import type { Address, IceAgent, RTCDtlsTransport, RTCSctpTransport } from './werift.ts'

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
  heard(from: Readonly<Address>): void
  /** Whether the packet is dealt with here, and the agent need not see it. */
  takes(check: Check): boolean
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
        if (!fence.takes({ protocol, from, packet: data })) received(data, from)
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
