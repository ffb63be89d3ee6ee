// The connection test against a real sending peer: what it measures, and that it leaves nothing open however it ends.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { testConnection } from '../../../src/lib/client/connection-test.ts'
import type { Peer } from '../../../src/lib/webrtc/peer.ts'
import type { PeerFactory } from '../../../src/lib/webrtc/peer-factory.ts'
import { PatientClock } from '../../support/patient-clock.ts'
import { createPeerEngine, sendFrames } from '../../support/peer-engine.ts'
import { createFactory, until } from '../../support/webrtc-pair.ts'

let factory: PeerFactory
beforeAll(async () => {
  factory = await createFactory()
})
afterAll(() => factory.close())

const allAsked = ['open bafysample for test_connection', 'offer to stream-7', 'close stream-7']

const engineThat = (onOpen: (peer: Peer) => void) => createPeerEngine(factory, { onOpen })

describe('a connection test', () => {
  it('counts what came while it watched, and closes its stream', async () => {
    const clock = new PatientClock()
    const { engine, asked, peer } = engineThat((opened) => sendFrames(opened, 3))
    let isOver = false
    const testing = testConnection(engine, clock).finally(() => {
      isOver = true
    })
    await until(() => (peer()?.outlets.length ?? 0) > 0 && peer()!.connectionState === 'connected')
    await until(() => {
      clock.pass(100)
      return isOver
    })
    const measured = await testing
    expect(measured).toMatchObject({ streamId: 'stream-7', packetsReceived: 3, packetsLost: 0 })
    expect(measured.firstPacketMs).toBeGreaterThan(measured.dtlsConnectMs)
    expect(measured.dtlsConnectMs).toBeGreaterThan(0)
    expect(measured.candidatePair).toMatchObject({ type: 'host/host', remote: expect.stringMatching(/^127\.0\.0\.1:/) })
    expect(asked).toEqual(allAsked)
    expect(factory.openPeers).toBe(0)
  })

  it('fails where a connection comes about and nothing over it, and says so', async () => {
    const clock = new PatientClock()
    const connected = Promise.withResolvers<Peer>()
    const { engine, asked } = engineThat(connected.resolve)
    const testing = testConnection(engine, clock)
    testing.catch(() => {})
    await connected.promise
    clock.pass(10_000)
    await expect(testing).rejects.toMatchObject({
      code: 'PEER_FAILED',
      message: 'no media arrived within 10 s; the connection is connected',
    })
    expect(asked).toEqual(allAsked)
    expect(factory.openPeers).toBe(0)
  })

  it('fails at once where the stream ends, or says why it fails', async () => {
    const say = (note: object) => engineThat((peer) => void peer.sendControl(JSON.stringify(note))).engine
    await expect(testConnection(say({ type: 'ended' }), new PatientClock())).rejects.toMatchObject({
      code: 'PEER_FAILED',
      message: 'the stream was over at once (ended)',
    })
    const error = { type: 'error', code: 'CODEC_UNSUPPORTED', message: 'no picture in it', hint: 'x' }
    await expect(testConnection(say(error), new PatientClock())).rejects.toMatchObject({ code: 'CODEC_UNSUPPORTED' })
    expect(factory.openPeers).toBe(0)
  })

  it('says what the engine says, and closes only what was opened', async () => {
    const full = new McpxError('TOO_MANY_STREAMS', 'no more streams')
    const refused = createPeerEngine(factory, { failures: { open: full } })
    await expect(testConnection(refused.engine, new PatientClock())).rejects.toBe(full)
    expect(refused.asked).toEqual(allAsked.slice(0, 1))
    const gone = new McpxError('INTERNAL', 'the worker is gone')
    const lost = createPeerEngine(factory, { failures: { offer: gone } })
    await expect(testConnection(lost.engine, new PatientClock())).rejects.toBe(gone)
    expect(lost.asked).toEqual(allAsked)
  })
})
