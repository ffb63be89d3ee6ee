// What the checks of the other side set off: a second check of ours, and a path that follows them.
import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import type { PeerFactory } from '../../../src/lib/webrtc/peer-factory.ts'
import { stunClassOf } from '../../../src/lib/webrtc/stun.ts'
import { createUdpMux } from '../../../src/lib/webrtc/udp-mux.ts'
import { openServer } from '../../support/raw-viewer.ts'
import { layCable } from '../../support/udp-cable.ts'
import {
  chooseVp8,
  createFactory,
  createViewer,
  hangMs,
  isConnected,
  packetOf,
  until,
} from '../../support/webrtc-pair.ts'

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
  const answer = await peer.acceptOffer(cable.toServer(await viewer.offer()), chooseVp8)
  await viewer.acceptAnswer(cable.toViewer(answer))
  await Promise.all([isConnected(peer), isConnected(viewer)])
  return { cable, peer, viewer }
}

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
      await cable.remap()
      await until(() => peer.remoteAddress !== before, 15_000)
      expect(peer.remoteAddress).toBe(`127.0.0.1:${cable.ports().mapping}`)
      video.send(packetOf(sequence++, Buffer.alloc(10)))
      await until(() => received === 2)
      expect([peer.connectionState, viewer.connectionState]).toEqual(['connected', 'connected'])
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
  const attribute = (type: number, value: Buffer) => {
    const head = Buffer.alloc(4)
    head.writeUInt16BE(type, 0)
    head.writeUInt16BE(value.length, 2)
    return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)])
  }
  const message = (type: number, transaction: Buffer, password: string, ...attributes: Buffer[]) => {
    const body = Buffer.concat(attributes)
    const head = Buffer.alloc(8)
    head.writeUInt16BE(type, 0)
    head.writeUInt16BE(body.length + 24, 2)
    head.writeUInt32BE(0x2112_a442, 4)
    const signed = Buffer.concat([head, transaction, body])
    return Buffer.concat([signed, attribute(8, createHmac('sha1', password).update(signed).digest())])
  }

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
    const came: string[] = []
    const ownAnswered = Promise.withResolvers<void>()
    socket.on('message', (data) => {
      const stunClass = stunClassOf(data)!
      came.push(stunClass)
      if (stunClass === 'response') return
      socket.send(message(0x101, data.subarray(8, 20), 'their password of 24 bytes'), port, '127.0.0.1')
      ownAnswered.resolve()
    })
    const fingerprints = [{ algorithm: 'sha-256', value: Array(32).fill('AA').join(':') }]
    const ice = { ufrag: 'them', password: 'their password of 24 bytes' }
    server.setRemote({ ice, fingerprints, isIceLite: false, dtlsRole: 'server' })
    await server.addCandidate(`candidate:1 1 udp 2130706431 127.0.0.1 ${socket.address().port} typ host`)
    server.start()
    await ownAnswered.promise
    const priority = attribute(0x24, Buffer.from([0x6e, 0, 0, 0]))
    const role = attribute(0x802a, Buffer.alloc(8, 1))
    const username = attribute(6, Buffer.from(`${ufrag}:them`))
    socket.send(message(1, Buffer.from('abcdefghijkl'), password, username, priority, role), port, '127.0.0.1')
    await until(() => came.length >= 3)
    expect(came.slice(0, 3)).toEqual(['request', 'response', 'request'])
  })
})
