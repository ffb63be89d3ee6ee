// ICE between two sides on loopback: credentials, what is announced, restarts, and where packets go.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { Ice } from '../../../../src/lib/webrtc/ice/ice.ts'
import { createUdpMux } from '../../../../src/lib/webrtc/ice/udp-mux.ts'
import { connectIce, openIce } from '../../../support/ice-sides.ts'
import { iceCheck } from '../../../support/stun-messages.ts'
import { until } from '../../../support/webrtc-pair.ts'

const them = { ufrag: 'them', password: 'a password of 24 letters' }
const host = (port: number, address = '127.0.0.1') => `candidate:1 1 udp 2130706431 ${address} ${port} typ host`

describe('credentials', () => {
  it('are of another connection each, in the letters that SDP has for them', async () => {
    const sides = await Promise.all(Array.from({ length: 20 }, () => openIce()))
    const local = sides.map(({ ice }) => ice.local)
    for (const { ufrag, password } of local) {
      expect(ufrag).toMatch(/^[A-Za-z0-9+]{12}$/)
      expect(password).toMatch(/^[A-Za-z0-9+/]{32}$/)
    }
    expect(new Set(local.flatMap(({ ufrag, password }) => [ufrag, password])).size).toBe(40)
  })

  it('of the other side are a restart when they change, and only then', async () => {
    const { ice } = await openIce()
    expect(ice.remoteFragment).toBe('')
    const first = ice.local
    expect(ice.setRemote(them, false)).toBe(false)
    expect(ice.setRemote(them, false)).toBe(false)
    expect(ice.local).toEqual(first)
    expect(ice.setRemote({ ...them, ufrag: 'anew' }, false)).toBe(true)
    expect(ice.remoteFragment).toBe('anew')
    expect(ice.local.ufrag).not.toBe(first.ufrag)
    expect(ice.local.password).not.toBe(first.password)
  })

  it('are not renewed before there is another side', async () => {
    const { ice } = await openIce()
    await ice.gather()
    const before = ice.local
    ice.restart()
    expect([ice.local, ice.isGathered]).toEqual([before, true])
  })

  it('of a side that is lite make this one control', async () => {
    const { ice } = await openIce({ isControlling: false })
    ice.setRemote(them, false)
    expect(ice.agent.iceControlling).toBe(false)
    ice.setRemote(them, true)
    expect(ice.agent.iceControlling).toBe(true)
  })
})

describe('addresses that are announced', () => {
  it('stand in place of those of our sockets, each for its family, under the port that is open', async () => {
    const announceAddresses = ['203.0.113.5', '203.0.113.6', '2001:db8::5']
    const { ice, told, port } = await openIce({ announceAddresses })
    await ice.gather()
    expect(told.map((text) => text.split(' ').slice(4, 6))).toEqual([
      ['203.0.113.5', `${port}`],
      ['203.0.113.6', `${port}`],
    ])
    expect(ice.candidates).toEqual(told)
  })

  it('hide our sockets where none is of their family', async () => {
    const { ice, told } = await openIce({ announceAddresses: ['2001:db8::5'] })
    await ice.gather()
    expect([told, ice.isGathered]).toEqual([[], true])
  })
})

describe('candidates of the other side', () => {
  it.each(['', 'candidate:', 'not one', 'candidate:1 1 udp 99999999999999 127.0.0.1 1 typ host'])(
    'that are none are refused: %j',
    async (text) => {
      const { ice } = await openIce()
      await expect(ice.addCandidate(text)).rejects.toMatchObject({ code: 'INVALID_SDP' })
    },
  )

  it('count once each, and sixteen of them; names and other protocols are left alone', async () => {
    const { ice } = await openIce()
    ice.setRemote(them, false)
    for (const text of [
      'candidate:1 1 udp 2113937151 7a3c.local 50000 typ host',
      'candidate:1 1 tcp 2130706431 127.0.0.1 9 typ host tcptype active',
    ])
      await ice.addCandidate(text)
    for (let i = 0; i < 40; i++) await ice.addCandidate(host(1000 + (i % 20)))
    expect(ice.agent.remoteCandidates.map(({ port }) => port)).toEqual(Array.from({ length: 16 }, (_, i) => 1000 + i))
  })
})

describe('a path', () => {
  it('is none before the other side is found', async () => {
    const { ice } = await openIce()
    await ice.gather()
    expect([ice.post(Buffer.from([0x80])), ice.selected, ice.received]).toEqual([false, undefined, 0])
  })

  it('carries packets both ways, media past the agent, and counts all that comes', async () => {
    const [one, other] = [await openIce({ isControlling: true }), await openIce()]
    await connectIce(one.ice, other.ice)
    expect(one.ice.selected?.remoteAddr).toEqual(['127.0.0.1', other.port])
    const media: string[] = []
    const rest: Buffer[] = []
    other.ice.agent.onData.subscribe((data: Buffer) => rest.push(data))
    expect(one.ice.post(Buffer.from([0x80, 1]))).toBe(true)
    await until(() => rest.length === 1)
    const before = other.ice.received
    other.ice.onMedia((data) => media.push(data.toString('hex')))
    for (const first of [0x80, 0x16, 0xbf]) one.ice.post(Buffer.from([first, 2]))
    await until(() => media.length === 3)
    // What is no media goes on by the agent, to all who listen to it.
    expect([media.sort(), rest.map((data) => data[0])]).toEqual([
      ['1602', '8002', 'bf02'],
      [0x80, 0x16],
    ])
    expect(other.ice.received).toBeGreaterThanOrEqual(before + 3)
  })

  it('stays while a restart has not found another, and is found anew with the new credentials', async () => {
    const [one, other] = [await openIce({ isControlling: true }), await openIce()]
    await connectIce(one.ice, other.ice)
    const old = { local: one.ice.local, candidates: one.ice.candidates }
    one.ice.restart()
    expect(one.ice.local.ufrag).not.toBe(old.local.ufrag)
    expect([one.ice.candidates, one.ice.isGathered]).toEqual([[], false])
    const got: Buffer[] = []
    other.ice.onMedia((data) => got.push(data))
    expect(one.ice.post(Buffer.from([0x80, 7]))).toBe(true)
    await until(() => got.length === 1)
    await one.ice.gather()
    expect(one.ice.candidates).toHaveLength(1)
    expect(other.ice.setRemote(one.ice.local, false)).toBe(true)
    await connectIce(one.ice, other.ice)
    expect(one.ice.post(Buffer.from([0x80, 8]))).toBe(true)
    await until(() => got.length >= 2)
    expect(got.at(-1)).toEqual(Buffer.from([0x80, 8]))
  })

  it('hears nothing once it has left the sockets', async () => {
    const [one, other] = [await openIce({ isControlling: true }), await openIce()]
    await connectIce(one.ice, other.ice)
    const got: Buffer[] = []
    other.ice.onMedia((data) => got.push(data))
    one.ice.post(Buffer.from([0x80, 1]))
    await until(() => got.length === 1)
    const before = other.unknownPackets()
    other.ice.detach()
    one.ice.post(Buffer.from([0x80, 2]))
    await until(() => other.unknownPackets() > before)
    expect(got).toHaveLength(1)
  })
})

it('forgets the credentials of before, some restarts later', async () => {
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const ice = new Ice(
    { mux, isControlling: false, iceServers: [], announceAddresses: [], clock: systemClock },
    { onCandidate() {}, onFollowed() {} },
  )
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(async () => {
    socket.close()
    ice.close()
    await ice.agent.close()
    ice.detach()
    await mux.close()
  })
  const generations = [ice.local]
  for (let i = 0; i < 20; i++) {
    ice.setRemote({ ufrag: `them${i}`, password: 'their password of 24 bytes' }, false)
    if (i > 0) generations.push(ice.local)
  }
  const isHeard = async ({ ufrag, password }: { ufrag: string; password: string }) => {
    const [heard, dropped] = [ice.received, mux.stats.unknownPackets]
    socket.send(iceCheck(`${ufrag}:them`, password), mux.addresses[0]!.port, '127.0.0.1')
    await until(() => ice.received > heard || mux.stats.unknownPackets > dropped)
    return ice.received > heard
  }
  const heard = []
  for (const generation of generations) heard.push(await isHeard(generation))
  expect(heard).toEqual([...Array(17).fill(false), true, true, true])
  expect(Object.keys(ice.agent.userHistory)).toEqual(generations.slice(-3).map(({ ufrag }) => ufrag))
})
