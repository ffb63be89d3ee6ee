// Media over a real TURN server (coturn) on loopback: the relay is the only path.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Coturn, hasCoturn, startCoturn } from '../support/coturn.ts'
import { missingParts } from '../support/e2e.ts'
import { chooseVp8, createFactory, createViewer, isConnected, packetOf, until } from '../support/webrtc-pair.ts'

const missing = missingParts({ coturn: await hasCoturn() })

describe.skipIf(missing.length > 0)('TURN', () => {
  let server: Coturn
  let port: number

  beforeAll(async () => {
    server = await startCoturn()
    port = server.port
  })
  afterAll(() => server.stop())

  it.each(['udp', 'tcp'])(
    'carries media between a peer and a viewer that has only the relay, over %s',
    async (transport) => {
      const factory = await createFactory()
      const urls = `turn:127.0.0.1:${port}?transport=${transport}`
      const iceServers = [{ urls, username: 'viewer', credential: 'secret' }]
      const viewer = await createViewer({ iceServers, relayOnly: true })
      const peer = await factory.createPeer()
      const offer = await viewer.offer()
      expect(offer).toMatch(/a=candidate:.* typ relay/)
      expect(offer).not.toMatch(/a=candidate:.* typ host/)
      await viewer.acceptAnswer(await peer.acceptOffer(offer, chooseVp8))
      await Promise.all([isConnected(peer), isConnected(viewer)])
      const received: number[] = []
      viewer.events.on('rtp', ({ sequence }) => received.push(sequence))
      for (let i = 0; i < 20; i++) peer.outlets[0]!.send(packetOf(i, Buffer.alloc(900)))
      await until(() => received.length === 20)
      expect(viewer.stats().candidatePair?.type).toMatch(/^relay\//)
      await viewer.close()
      await factory.close()
    },
  )

  it('gives the peer a relay candidate, and media over it', async () => {
    const factory = await createFactory({
      iceServers: [{ urls: `turn:127.0.0.1:${port}`, username: 'viewer', credential: 'secret' }],
    })
    const viewer = await createViewer({
      iceServers: [{ urls: `turn:127.0.0.1:${port}`, username: 'viewer', credential: 'secret' }],
      relayOnly: true,
    })
    const peer = await factory.createPeer()
    const answer = await peer.acceptOffer(await viewer.offer(), chooseVp8)
    expect(answer).toMatch(/a=candidate:.* typ relay/)
    await viewer.acceptAnswer(answer.replace(/a=candidate:.* typ host.*\r\n/g, ''))
    await Promise.all([isConnected(peer), isConnected(viewer)])
    expect(peer.outlets[0]!.send(packetOf(1, Buffer.alloc(900)))).toBe(true)
    await until(() => viewer.stats().video?.packetsReceived === 1)
    await viewer.close()
    await factory.close()
  })
})
