// What the checks of the other side set off: a second check of ours, and a path that follows them.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import type { PeerFactory } from '../../../src/lib/webrtc/sending-peer.ts'
import { stunClassOf } from '../../../src/lib/webrtc/stun.ts'
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
