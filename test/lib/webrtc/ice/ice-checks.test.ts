// What the checks of the other side set off: a second check of ours, and a path that follows them.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { IceChecks } from '../../../../src/lib/webrtc/ice/ice-checks.ts'
import { hasIntegrity, stunClassOf } from '../../../../src/lib/webrtc/ice/stun.ts'
import { createUdpMux } from '../../../../src/lib/webrtc/ice/udp-mux.ts'
import type { PeerFactory } from '../../../../src/lib/webrtc/peer-factory.ts'
import type { Address, CheckedPair, IceAgent } from '../../../../src/lib/webrtc/werift.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openServer } from '../../../support/raw-viewer.ts'
import { iceCheck, stunMessage } from '../../../support/stun-messages.ts'
import { layCable } from '../../../support/udp-cable.ts'
import {
  chooseVp8,
  createFactory,
  createViewer,
  hangMs,
  isConnected,
  packetOf,
  until,
} from '../../../support/webrtc-pair.ts'

let factory: PeerFactory

beforeAll(async () => {
  factory = await createFactory({}, systemClock)
})

afterAll(() => factory.close())

/** A viewer behind a cable, connected. */
async function connectOverCable() {
  const cable = await layCable()
  const peer = await factory.createPeer()
  const viewer = await createViewer({ clock: systemClock })
  onTestFinished(async () => {
    await Promise.all([viewer.close(), peer.close()])
    cable.close()
  })
  const offer = await viewer.offer()
  const answer = await peer.acceptOffer(cable.toServer(offer), chooseVp8)
  await viewer.acceptAnswer(cable.toViewer(answer))
  await Promise.all([isConnected(peer), isConnected(viewer)])
  return { cable, peer, viewer, offer, answer }
}

const iceOf = (sdp: string) => ({
  ufrag: /^a=ice-ufrag:(.*?)\r?$/m.exec(sdp)![1]!,
  password: /^a=ice-pwd:(.*?)\r?$/m.exec(sdp)![1]!,
})

describe('a viewer whose address changes', () => {
  it(
    'is followed to a new mapping of its NAT, without a restart',
    async () => {
      const { cable, peer, viewer } = await connectOverCable()
      const before = peer.remoteAddress
      let received = 0
      viewer.events.on('rtp', () => received++)
      const video = peer.outlets.find(({ kind }) => kind === 'video')!
      let sequence = 0
      video.send(packetOf(sequence++, Buffer.alloc(10)))
      await until(() => received === 1)
      const told: unknown[] = []
      peer.events.on('state', (connection) => told.push([connection, peer.remoteAddress]))
      await cable.remap()
      await until(() => peer.remoteAddress !== before, 15_000)
      expect(peer.remoteAddress).toBe(`127.0.0.1:${cable.ports().mapping}`)
      expect(told).toEqual([['connected', peer.remoteAddress]])
      video.send(packetOf(sequence++, Buffer.alloc(10)))
      await until(() => received === 2)
      expect([peer.connectionState, viewer.connectionState]).toEqual(['connected', 'connected'])
    },
    hangMs,
  )

  it(
    'stays where its media comes from, whatever else it checks, for as long as that comes',
    async () => {
      const { cable, peer, offer, answer } = await connectOverCable()
      const before = peer.remoteAddress
      const reserve = createSocket('udp4')
      reserve.bind(0, '127.0.0.1')
      await once(reserve, 'listening')
      const [us, them] = [iceOf(answer), iceOf(offer)]
      reserve.on('message', (data) => {
        if (stunClassOf(data) !== 'request') return
        const transaction = data.toString('latin1', 8, 20)
        reserve.send(
          stunMessage(0x101, [], { transaction, password: them.password }),
          cable.ports().server,
          '127.0.0.1',
        )
      })
      let reports = 0
      peer.events.on('acked', () => reports++)
      const video = peer.outlets.find(({ kind }) => kind === 'video')!
      let sequence = 0
      const stream = setInterval(() => {
        video.send(packetOf(sequence++, Buffer.alloc(10)))
        reserve.send(iceCheck(`${us.ufrag}:${them.ufrag}`, us.password), cable.ports().server, '127.0.0.1')
      }, 20)
      onTestFinished(() => {
        clearInterval(stream)
        reserve.close()
      })
      const startedAt = performance.now()
      await until(() => reports >= 20 && performance.now() - startedAt > 2500)
      expect(peer.remoteAddress).toBe(before)
      cable.cut()
      await until(() => peer.remoteAddress === `127.0.0.1:${reserve.address().port}`, 15_000)
    },
    hangMs,
  )

  it(
    'is not followed on the word of packets that are not its own',
    async () => {
      const { cable, peer, viewer } = await connectOverCable()
      const before = peer.remoteAddress
      const stranger = createSocket('udp4')
      stranger.bind(0, '127.0.0.1')
      await once(stranger, 'listening')
      onTestFinished(() => void stranger.close())
      const answers: Buffer[] = []
      stranger.on('message', (data) => answers.push(data))
      const check = await cable.nextCheck()
      cable.cut()
      const { server } = cable.ports()
      const forged = Buffer.from(check)
      forged[forged.length - 10]! ^= 1
      const { forgedChecks } = factory.dropped
      for (let i = 0; i < 5; i++) stranger.send(forged, server, '127.0.0.1')
      await until(() => factory.dropped.forgedChecks === forgedChecks + 5)
      expect(answers).toEqual([])
      // A check of the viewer's that was overheard is authentic, but who sends it again cannot answer ours: those go on for 1.5 s.
      await until(() => {
        stranger.send(check, server, '127.0.0.1')
        return answers.filter((data) => stunClassOf(data) === 'request').length >= 9
      })
      expect(peer.remoteAddress).toBe(before)
      cable.mend()
      expect(viewer.connectionState).toBe('connected')
    },
    hangMs,
  )
})

/** As much of an agent that controls as Pion is: it answers, and its own check comes after the one of the other side. */
describe('a viewer that nominates when a check comes after its own has succeeded', () => {
  it('gets one at once, behind the answer to its own', async () => {
    const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
    const server = await openServer(mux)
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    onTestFinished(async () => {
      socket.close()
      await server.close()
      await mux.close()
    })
    const { ufrag, password } = server.local
    const [{ port }] = mux.addresses as [AddressInfo]
    const ice = { ufrag: 'them', password: 'their password of 24 bytes' }
    const came: string[] = []
    const ownAnswered = Promise.withResolvers<void>()
    socket.on('message', (data) => {
      const stunClass = stunClassOf(data)!
      came.push(stunClass)
      if (stunClass === 'response') return
      const transaction = data.toString('latin1', 8, 20)
      socket.send(stunMessage(0x101, [], { transaction, password: ice.password }), port, '127.0.0.1')
      ownAnswered.resolve()
    })
    const fingerprints = [{ algorithm: 'sha-256', value: Array(32).fill('AA').join(':') }]
    server.setRemote({ ice, fingerprints, isIceLite: false, dtlsRole: 'server' })
    await server.addCandidate(`candidate:1 1 udp 2130706431 127.0.0.1 ${socket.address().port} typ host`)
    server.start()
    await ownAnswered.promise
    socket.send(iceCheck(`${ufrag}:them`, password), port, '127.0.0.1')
    await until(() => came.length >= 3)
    expect(came.slice(0, 3)).toEqual(['request', 'response', 'request'])
  })
})

describe('checks of the other side', () => {
  /** An agent that learns an address from each check, as werift does. */
  function withAgent() {
    const clock = new FakeClock()
    const agent = {
      localUsername: 'us',
      iceControlling: false,
      remotePassword: '',
      nominated: undefined as CheckedPair | undefined,
      queryConsent() {},
      stopConsentLifecycle() {},
      tieBreaker: 1n,
      checkList: [] as CheckedPair[],
      _remoteCandidates: [] as { host: string; port: number; type: string }[],
      get remoteCandidates() {
        return this._remoteCandidates
      },
    }
    const checks = new IceChecks({
      agent: agent as unknown as IceAgent,
      clock,
      credentials: new Map([['us', 'secret']]),
      onFollowed() {},
    })
    const sent: [Buffer, Address][] = []
    const protocol = {
      transport: { post() {} },
      sendData: (data: Buffer, to: Address) => void sent.push([data, to]),
    }
    /** A pair that was selected. */
    const select = (port: number) => {
      const pair = { protocol, remoteAddr: ['192.0.2.1', port], state: 3 } as unknown as CheckedPair
      agent.checkList.push(pair)
      agent.nominated = pair
      checks.heard(['192.0.2.1', port])
      return pair
    }
    let answered = 0
    /** True when it was answered. */
    const check = (port: number, packet = iceCheck('us:them', 'secret')) => {
      const before = answered
      checks.check({ protocol, from: ['192.0.2.1', port], packet }, () => {
        answered++
        if (agent._remoteCandidates.some((candidate) => candidate.port === port)) return
        const remoteCandidate = { host: '192.0.2.1', port, type: 'prflx' }
        agent._remoteCandidates.push(remoteCandidate)
        const pair = {
          protocol,
          remoteCandidate,
          remoteAddr: ['192.0.2.1', port],
          state: 4,
          requestTransactionIds: new Set(),
        }
        agent.checkList.push(pair as unknown as CheckedPair)
      })
      return answered > before
    }
    const takes = (port: number, packet: Buffer) => checks.takes({ protocol, from: ['192.0.2.1', port], packet })
    return { clock, agent, check, select, sent, takes }
  }

  it('are answered when they are authentic and whole, on whatever path they come', () => {
    const { check } = withAgent()
    expect(check(1)).toBe(true)
    expect(check(1, iceCheck('us:them', 'another secret'))).toBe(false)
    expect(check(1, iceCheck('them:us', 'secret'))).toBe(false)
    expect(check(1, stunMessage(1, [[6, Buffer.from('us:them')]], { password: 'secret' }))).toBe(false)
  })

  it("are answered at once on the path that is selected, and are none of the agent's business", () => {
    const { select, sent, takes } = withAgent()
    const packet = iceCheck('us:them', 'secret')
    expect(takes(1, packet)).toBe(false)
    select(1)
    expect(takes(2, packet)).toBe(false)
    expect(sent).toEqual([])
    expect(takes(1, packet)).toBe(true)
    const [[answer, to]] = sent as [[Buffer, Address]]
    expect([stunClassOf(answer), to]).toEqual(['response', ['192.0.2.1', 1]])
    expect(answer.subarray(8, 20)).toEqual(packet.subarray(8, 20))
    expect(hasIntegrity(answer, 'secret')).toBe(true)
  })

  it.each([
    ['of before a restart', 'old:them', 0x802a],
    ['in the role that this side has', 'us:them', 0x8029],
  ])('are left to the agent when they are %s', (_, username, role) => {
    const { select, sent, takes } = withAgent()
    select(1)
    const attributes = [
      [6, Buffer.from(username)],
      [0x24, Buffer.alloc(4, 1)],
      [role, Buffer.alloc(8, 1)],
    ] as const
    expect(takes(1, stunMessage(1, attributes, { password: 'secret' }))).toBe(false)
    expect(sent).toEqual([])
  })

  it('are answered so often a second and no more on the selected path too', () => {
    const { clock, select, sent, takes } = withAgent()
    select(1)
    for (let i = 0; i < 500; i++) takes(1, iceCheck('us:them', 'secret'))
    expect(sent).toHaveLength(200)
    clock.advance(500)
    for (let i = 0; i < 500; i++) takes(1, iceCheck('us:them', 'secret'))
    expect(sent).toHaveLength(300)
  })

  it('are answered so often a second and no more', () => {
    const { clock, check } = withAgent()
    const answered = () => Array.from({ length: 500 }, () => check(1)).filter(Boolean).length
    expect(answered()).toBe(200)
    clock.advance(500)
    expect(answered()).toBe(100)
  })

  it('on a path of before a restart do not lead back to it', () => {
    const follow = (isRestarted: boolean) => {
      const { clock, agent, check, select } = withAgent()
      select(1)
      check(2)
      const moved = agent.checkList[1]!
      Object.assign(moved, { state: 3 })
      if (isRestarted) agent.checkList = []
      const path = isRestarted ? select(3) : moved
      clock.advance(6000)
      return agent.nominated === path
    }
    expect([follow(false), follow(true)]).toEqual([true, true])
  })

  it('from ever more addresses leave the last of them, and those that are being tried', () => {
    const { clock, agent, check } = withAgent()
    for (let port = 1; port <= 32; port++) check(port)
    Object.assign(agent.checkList[0]!, { state: 2 })
    for (let port = 33; port <= 1000; port++) {
      clock.advance(20)
      expect(check(port)).toBe(true)
    }
    expect(agent.checkList).toHaveLength(32)
    expect(agent._remoteCandidates.map(({ port }) => port)).toEqual([
      1,
      ...Array.from({ length: 31 }, (_, i) => 970 + i),
    ])
    for (const pair of agent.checkList) Object.assign(pair, { state: 2 })
    clock.advance(20)
    expect(check(1001)).toBe(false)
  })
})
