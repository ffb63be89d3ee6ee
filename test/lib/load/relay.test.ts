// Two peers that know nothing of each other's addresses, over real UDP.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { ImpairedPath } from '../../../src/lib/impairment/path.ts'
import { parseImpairment } from '../../../src/lib/impairment/spec.ts'
import { openRelay, type UdpRelay } from '../../../src/lib/load/relay.ts'
import { viewerCodecs } from '../../../src/lib/webrtc/receiving-peer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  chooseVp8,
  createFactory,
  createViewer,
  hangMs,
  isConnected,
  packetOf,
  until,
} from '../../support/webrtc-pair.ts'

vi.setConfig({ testTimeout: hangMs })

const portsOf = (sdp: string): string[] =>
  [...sdp.matchAll(/a=candidate:\S+ \d+ udp \d+ (\S+) (\d+) /gi)].map(([, address, port]) => `${address}:${port}`)

function open(text: string, clock = systemClock): { path: ImpairedPath; relay: UdpRelay } {
  const path = new ImpairedPath({ impairment: parseImpairment({ base: text }), clock, seed: 2 })
  const relay = openRelay(path)
  onTestFinished(async () => {
    await relay.close()
    path.close()
  })
  return { path, relay }
}

async function connect(text: string, addresses: readonly string[] = ['127.0.0.1'], clock = systemClock) {
  const { path, relay } = open(text, clock)
  const factory = await createFactory({ bindAddresses: [...addresses] })
  const peer = await factory.createPeer()
  const viewer = await createViewer({ bindAddresses: addresses })
  onTestFinished(async () => {
    await viewer.close()
    await peer.close()
    await factory.close()
  })
  const offer = await viewer.offer()
  const answer = await peer.acceptOffer(relay.toServer(offer), chooseVp8)
  const seen = await relay.toViewer(answer)
  await viewer.acceptAnswer(seen)
  await Promise.all([isConnected(peer), isConnected(viewer)])
  return { path, relay, peer, viewer, offer, answer, seen, factory }
}

describe('a relay', () => {
  it.each([['127.0.0.1'], ['::1']])('stands between a viewer and a server on %s', async (address) => {
    const { peer, viewer, offer, answer, seen, path } = await connect('loss=0%', [address])
    expect(viewer.stats().candidatePair!.remote).toBe(portsOf(seen)[0])
    expect(portsOf(seen)).not.toContain(portsOf(answer)[0])
    expect(portsOf(offer)).not.toContain(peer.remoteAddress)
    let received = 0
    viewer.events.on('rtp', () => received++)
    const video = peer.outlets.find(({ kind }) => kind === 'video')!
    for (let i = 0; i < 200; i++) video.send(packetOf(i, Buffer.alloc(500)))
    await until(() => received === 200)
    expect(path.stats.down.deliveredPackets).toBeGreaterThanOrEqual(200)
    expect(path.stats.up.deliveredPackets).toBeGreaterThan(3)
  })

  it('has a door for each address of the server', async () => {
    const { answer, seen } = await connect('loss=0%', ['127.0.0.1', '::1', '127.0.0.2'])
    expect(portsOf(answer)).toHaveLength(new Set(portsOf(answer)).size)
    expect(new Set(portsOf(seen)).size).toBe(portsOf(answer).length)
    expect(portsOf(seen).map((one) => one.slice(0, one.lastIndexOf(':')))).toEqual(
      portsOf(answer).map((one) => one.slice(0, one.lastIndexOf(':'))),
    )
  })

  it('takes descriptions the other way round, as where the server offers', async () => {
    const { relay } = open('delay=20ms')
    const factory = await createFactory()
    const peer = await factory.createPeer()
    const viewer = await createViewer()
    onTestFinished(async () => {
      await viewer.close()
      await peer.close()
      await factory.close()
    })
    const [vp8] = viewerCodecs.video
    const offer = await peer.createOffer({ video: [vp8!] })
    const answer = await viewer.acceptOffer(await relay.toViewer(offer))
    await peer.acceptAnswer(relay.toServer(answer), chooseVp8)
    await Promise.all([isConnected(peer), isConnected(viewer)])
    expect(viewer.stats().roundTripTimeS! * 1000).toBeGreaterThanOrEqual(39)
  })

  it('impairs what passes', async () => {
    const clock = new FakeClock(0)
    const path = new ImpairedPath({
      impairment: parseImpairment({ at: ['1s:down.loss=30%', '2s:down.loss=none'] }),
      clock,
      seed: 8,
    })
    const relay = openRelay(path)
    const factory = await createFactory()
    const peer = await factory.createPeer()
    const viewer = await createViewer()
    onTestFinished(async () => {
      await viewer.close()
      await peer.close()
      await factory.close()
      await relay.close()
    })
    const answer = await peer.acceptOffer(relay.toServer(await viewer.offer()), chooseVp8)
    await viewer.acceptAnswer(await relay.toViewer(answer))
    await Promise.all([isConnected(peer), isConnected(viewer)])
    const seen = new Set<number>()
    viewer.events.on('rtp', ({ sequence }) => seen.add(sequence))
    const video = peer.outlets.find(({ kind }) => kind === 'video')!
    const send = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        video.send(packetOf(i, Buffer.alloc(200)))
        if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    await send(0, 10)
    await until(() => seen.size === 10)
    clock.advance(1000)
    await send(10, 2010)
    await until(() => path.stats.down.sentPackets >= 2010)
    clock.advance(1000)
    await send(2010, 2020)
    await until(() => seen.has(2019))
    const lost = 2020 - seen.size
    expect(Math.abs(lost / 2000 - 0.3)).toBeLessThan(0.04)
    expect(path.stats.down.dropped.loss - lost).toBeGreaterThanOrEqual(0)
    expect(path.stats.down.dropped.loss - lost).toBeLessThan(10)
  })

  it('lets in nobody who has no authentic check', async () => {
    const { relay, seen, path } = await connect('loss=0%')
    const stranger = createSocket('udp4').bind(0, '127.0.0.1')
    await once(stranger, 'listening')
    onTestFinished(() => {
      stranger.close()
    })
    const [address, port] = portsOf(seen)[0]!.split(':')
    const up = vi.spyOn(path, 'up')
    // Media, checks without credentials and with a fragment that exists but no proof, nothing at all.
    const check = stunRequest()
    const fragment = /a=ice-ufrag:(\S+)/.exec(seen)![1]!
    const forged = stunRequest(`${fragment}:them`)
    const all = [Buffer.from([0x80, 96, 0, 1]), check, forged, Buffer.alloc(0)]
    for (const data of all) stranger.send(data, Number(port), address)
    await until(() => relay.strangers === all.length)
    // The viewer itself sends meanwhile.
    for (const [data] of up.mock.calls) expect(all.some((one) => one.equals(data))).toBe(false)
  })

  it('opens no more doors than it may, and forgets what it cannot stand for', async () => {
    const { relay } = open('loss=0%')
    const line = (transport: string, address: string, port: number) =>
      `a=candidate:1 1 ${transport} 2130706431 ${address} ${port} typ host`
    const sdp = [
      'v=0',
      line('tcp', '127.0.0.1', 9),
      line('udp', 'b0b4a4c2-d8f9.local', 5000),
      line('udp', '127.0.0.1', 0),
      line('udp', '127.0.0.1', 99_999),
      'a=candidate:broken',
      ...Array.from({ length: 40 }, (_, i) => line('udp', '127.0.0.1', 40_000 + i)),
      'a=end-of-candidates',
      '',
    ].join('\r\n')
    const seen = await relay.toViewer(sdp)
    expect(portsOf(seen)).toHaveLength(16)
    expect(seen).not.toMatch(/tcp|local|broken/)
    expect(seen).toContain('a=end-of-candidates')
    expect(portsOf(await relay.toViewer(sdp))).toEqual(portsOf(seen))
    expect(relay.toServer(sdp)).toBe('v=0\r\na=end-of-candidates\r\n')
    await expect(relay.toViewer('x'.repeat(70_000))).rejects.toMatchObject({ code: 'INVALID_SDP' })
    await relay.close()
    await relay.close()
    await expect(relay.toViewer(sdp)).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
  })

  it('finds a way where the address of the server is of another machine', async () => {
    const { relay } = open('loss=0%')
    const seen = await relay.toViewer(
      'a=candidate:1 1 udp 1 203.0.113.7 5000 typ host\r\na=candidate:2 1 udp 1 2001:db8::7 5000 typ host',
    )
    const own = Object.values(networkInterfaces()).flatMap((entries) => entries!.map(({ address }) => address))
    const doors = portsOf(seen).map((one) => one.slice(0, one.lastIndexOf(':')))
    expect(doors.map((address) => isIP(address))).toEqual([4, 6])
    for (const address of doors) expect([...own, '127.0.0.1', '::1']).toContain(address)
  })
})

/** A binding request, with a USERNAME and a MESSAGE-INTEGRITY that is none where `username` is given. */
function stunRequest(username?: string): Buffer {
  const header = Buffer.from('000100002112a4426162636465666768696a6b6c', 'hex')
  if (username === undefined) return header
  const name = Buffer.alloc(4 + 4 * Math.ceil(username.length / 4))
  name.writeUInt16BE(0x0006, 0)
  name.writeUInt16BE(username.length, 2)
  name.write(username, 4)
  const integrity = Buffer.alloc(24, 7)
  integrity.writeUInt16BE(0x0008, 0)
  integrity.writeUInt16BE(20, 2)
  header.writeUInt16BE(name.length + integrity.length, 2)
  return Buffer.concat([header, name, integrity])
}
