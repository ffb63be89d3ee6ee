// Candidates of our own sockets: werift would open one for each peer and address. Only its TURN part is left to it.
import { isIP } from 'node:net'
import type { IceServer } from '../../protocol/media-plane.ts'
import {
  Candidate,
  candidateFoundation,
  candidatePriority,
  type IceAgent,
  parseIceServers,
  StunProtocol,
  serverReflexiveCandidate,
  useEndpoint,
} from '../werift.ts'
import type { MuxEndpoint } from './mux-socket.ts'

export interface GatheringOptions {
  readonly iceServers: readonly IceServer[]
  /** Only paths over a TURN server. */
  readonly relayOnly?: boolean
}

/** Makes the agent gather on these endpoints. `isClosed` keeps late answers of STUN servers out. */
export function gatherOn(
  agent: IceAgent,
  endpoints: readonly MuxEndpoint[],
  options: GatheringOptions,
  isClosed: () => boolean,
): void {
  const relay = agent.getCandidatePromises.bind(agent)
  const { stunServer } = parseIceServers([...options.iceServers])
  const hasRelay = () => agent.protocols.some((protocol) => (protocol as { type: string }).type === 'turn')

  async function addReflexive(protocol: StunProtocol, server: [string, number]): Promise<void> {
    if (isIP(protocol.localCandidate?.host ?? '') !== 4) return
    const candidate = await serverReflexiveCandidate(protocol, server)
    if (candidate && !isClosed()) agent.appendLocalCandidate(candidate)
  }

  agent.getCandidatePromises = (_addresses, timeoutS) => {
    if (options.relayOnly) return hasRelay() ? [] : relay([], timeoutS)
    const fresh = agent.protocols.length === 0 ? endpoints.map((endpoint, i) => addHost(agent, endpoint, i)) : []
    const hosts = agent.protocols.filter((protocol) => fresh.includes(protocol))
    const reflexive = stunServer ? hosts.map((host) => addReflexive(host, [...stunServer])) : []
    return [...reflexive, ...(hasRelay() ? [] : relay([], timeoutS))]
  }
}

function addHost(agent: IceAgent, endpoint: MuxEndpoint, index: number): StunProtocol {
  const protocol = new StunProtocol()
  agent.ensureProtocol(protocol)
  useEndpoint(protocol, endpoint)
  const { address, port } = endpoint.address
  protocol.localIp = address
  protocol.localCandidate = new Candidate(
    candidateFoundation('host', 'udp', address),
    1,
    'udp',
    candidatePriority('host', { transport: 'udp', localPreference: 65_535 - index }),
    address,
    port,
    'host',
    undefined,
    undefined,
    undefined,
    agent.generation,
    agent.localUsername,
  )
  agent.protocols.push(protocol)
  agent.pairLocalProtocol(protocol)
  agent.appendLocalCandidate(protocol.localCandidate)
  return protocol
}
