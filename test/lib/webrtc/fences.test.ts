// The fences where they stand in the real library: nothing passes by them, and what they let through arrives.
import { describe, expect, it } from 'vitest'
import { type Check, fenceChecks, fenceData, joinSctp } from '../../../src/lib/webrtc/fences.ts'
import { type Association, sctpWindowBytes } from '../../../src/lib/webrtc/sctp/sctp-guard.ts'
import {
  type Address,
  agentOf,
  createGatherer,
  RTCDtlsTransport,
  RTCIceTransport,
  RTCSctpTransport,
  StunProtocol,
  srtpProfiles,
} from '../../../src/lib/webrtc/werift.ts'
import { iceCheck } from '../../support/stun-messages.ts'

const from: Address = ['192.0.2.1', 4000]

function fencedAgent(options: { admits?: boolean; takes?: boolean; answers?: boolean } = {}) {
  const agent = agentOf(createGatherer({}))
  const seen = { heard: [] as Address[], checks: [] as Check[], looked: 0 }
  fenceChecks(agent, {
    admits() {
      seen.looked++
      return options.admits ?? true
    },
    heard: (address) => void seen.heard.push([...address]),
    takes: () => options.takes ?? false,
    check(check, answer) {
      seen.checks.push(check)
      if (options.answers) answer()
    },
  })
  const executed: unknown[] = []
  const protocol = new StunProtocol()
  const open = protocol as unknown as { datagramReceived(data: Buffer, from: Address): void }
  protocol.onRequestReceived.subscribe((...args: unknown[]) => executed.push(args))
  agent.ensureProtocol(protocol)
  return { agent, seen, executed, protocol, receive: (data: Buffer) => open.datagramReceived(data, from) }
}

describe('the fence before checks', () => {
  it('sees each check with its path, sender and bytes, and keeps what it does not answer', () => {
    const { seen, executed, protocol, receive } = fencedAgent()
    const packet = iceCheck('us:them', 'secret')
    receive(packet)
    expect(seen.checks).toEqual([{ protocol, from, packet }])
    expect(executed).toEqual([])
  })

  it('shows the library nothing of what is dealt with before it', () => {
    const { seen, executed, receive } = fencedAgent({ takes: true, answers: true })
    receive(iceCheck('us:them', 'secret'))
    expect([executed, seen.checks, seen.heard]).toEqual([[], [], [from]])
  })

  it('hands on what it answers', () => {
    const { executed, receive } = fencedAgent({ answers: true })
    receive(iceCheck('us:them', 'secret'))
    expect(executed).toHaveLength(1)
  })

  it('hears of all that comes over our sockets, whatever it is', () => {
    const { seen, receive } = fencedAgent()
    for (const packet of [iceCheck('a:b', 'c'), Buffer.from([0x80, 1]), Buffer.from([20, 1, 2])]) receive(packet)
    expect(seen.heard).toEqual([from, from, from])
    expect(seen.checks).toHaveLength(1)
  })

  it.each([true, false])('looks at what comes through a relay, which nobody has looked at yet: %s', (admits) => {
    const { agent, seen } = fencedAgent({ admits })
    const got: Buffer[] = []
    const relay = {
      onRequestReceived: { execute: () => {}, subscribe: () => {} },
      onDataReceived: { subscribe: () => {} },
      handleStunMessage: (data: Buffer) => got.push(data),
    }
    agent.ensureProtocol(relay as unknown as StunProtocol)
    relay.handleStunMessage(Buffer.from([0, 1]))
    expect([got.length, seen.looked]).toEqual([admits ? 1 : 0, 1])
  })
})

describe('the fence before data', () => {
  it('changes, drops or lets through what comes before anybody hears it, whenever they began to listen', () => {
    const agent = agentOf(createGatherer({}))
    const [early, late]: [string[], string[]] = [[], []]
    agent.onData.subscribe((data: Buffer) => early.push(data.toString()))
    const past = fenceData(agent, (data) => (data[0] === 0x78 ? undefined : Buffer.from(`${data}!`)))
    agent.onData.subscribe((data: Buffer) => late.push(data.toString()))
    for (const text of ['a', 'x', 'b']) agent.onData.execute(Buffer.from(text))
    past(Buffer.from('x'))
    expect([early, late]).toEqual([
      ['a!', 'b!', 'x'],
      ['a!', 'b!', 'x'],
    ])
  })
})

describe('the fence before SCTP', () => {
  function joined(admit: (packet: Buffer, association: Association) => boolean) {
    const gatherer = createGatherer({})
    const dtls = new RTCDtlsTransport({}, new RTCIceTransport(gatherer), undefined, srtpProfiles)
    const sctp = new RTCSctpTransport(5000)
    const errors: unknown[] = []
    joinSctp(sctp, dtls, admit, (error) => errors.push(error))
    const handled: Buffer[] = []
    Object.assign(sctp.sctp, {
      async handleData(packet: Buffer) {
        handled.push(packet)
        if (packet[0] === 0xff) throw new Error('no such chunk')
      },
    })
    return { sctp, errors, handled, receive: (packet: Buffer) => dtls.dataReceiver(packet) }
  }

  it('lets by what is admitted, told of what the association holds', () => {
    const told: Association[] = []
    const { handled, receive, sctp } = joined((packet, association) => {
      told.push(association)
      return packet.length > 1
    })
    receive(Buffer.from([1]))
    Object.assign(sctp.sctp, {
      advertisedRwnd: sctpWindowBytes - 500,
      associationState: 4,
      inboundStreams: { 3: { reassembly: [1, 2] }, 5: { reassembly: [1] } },
      outboundQueue: [1, 2],
      sentQueue: [1],
    })
    Object.assign(sctp, { dataChannels: { 3: {}, 7: {} } })
    receive(Buffer.from([1, 2]))
    expect(handled).toEqual([Buffer.from([1, 2])])
    expect(told[0]).toMatchObject({ isEstablished: false, heldBytes: 0, heldChunks: 0, backlog: 0 })
    expect(told[1]).toMatchObject({ isEstablished: true, heldBytes: 500, heldChunks: 3, backlog: 3 })
    expect([...told[1]!.streamIds].sort()).toEqual([3, 5, 7])
  })

  it('tells what the library throws at a packet or a message, and stands', async () => {
    const { errors, receive, handled, sctp } = joined(() => true)
    receive(Buffer.from([0xff]))
    await new Promise(setImmediate)
    expect(errors).toEqual([expect.objectContaining({ message: 'no such chunk' })])
    const { datachannelReceive } = sctp as unknown as { datachannelReceive(...message: unknown[]): Promise<void> }
    // DCEP (RFC 8832): an acknowledgement of a channel that nobody opened.
    await datachannelReceive(9, 50, Buffer.from([2]))
    expect(errors).toHaveLength(2)
    receive(Buffer.from([1]))
    expect(handled).toHaveLength(2)
  })
})
