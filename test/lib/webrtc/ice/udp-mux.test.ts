import { createHmac } from 'node:crypto'
import { createSocket, Socket } from 'node:dgram'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasIntegrity, localFragmentOf, stunClassOf, transactionOf } from '../../../../src/lib/webrtc/ice/stun.ts'
import { createUdpMux, hostAddresses, type UdpMux } from '../../../../src/lib/webrtc/ice/udp-mux.ts'
import { packetMemory } from '../../../../src/lib/webrtc/srtp/packet-memory.ts'
import { until } from '../../../support/webrtc-pair.ts'

function attribute(type: number, value: Buffer): Buffer {
  const padded = Buffer.alloc(4 + 4 * Math.ceil(value.length / 4))
  padded.writeUInt16BE(type, 0)
  padded.writeUInt16BE(value.length, 2)
  value.copy(padded, 4)
  return padded
}

/** A binding request as ICE sends it. */
function check(username: string, password: string, transaction = 'abcdefghijkl', type = 1): Buffer {
  const name = attribute(6, Buffer.from(username))
  const header = Buffer.alloc(20)
  header.writeUInt16BE(type, 0)
  header.writeUInt16BE(name.length + 24, 2)
  header.writeUInt32BE(0x2112_a442, 4)
  header.write(transaction, 8, 'latin1')
  const signed = Buffer.concat([header, name])
  return Buffer.concat([signed, attribute(8, createHmac('sha1', password).update(signed).digest())])
}

describe('a STUN message', () => {
  it('says whose it is and whether it is authentic', () => {
    const packet = check('mine:yours', 'secret')
    expect(stunClassOf(packet)).toBe('request')
    expect(localFragmentOf(packet)).toBe('mine')
    expect(transactionOf(packet)).toBe('abcdefghijkl')
    expect([hasIntegrity(packet, 'secret'), hasIntegrity(packet, 'other')]).toEqual([true, false])
    packet[26]! ^= 1
    expect(hasIntegrity(packet, 'secret')).toBe(false)
    expect(stunClassOf(check('a:b', 'c', 'abcdefghijkl', 0x101))).toBe('response')
    expect(stunClassOf(packet.subarray(0, 40))).toBeUndefined()
  })

  it('is never read beyond its end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const packet = Buffer.concat([check('a:b', 'c').subarray(0, 20), bytes])
        stunClassOf(packet)
        localFragmentOf(packet)
        expect(hasIntegrity(packet, 'c')).toBe(false)
      }),
      { numRuns: 500, seed: 12 },
    )
  })
})

describe('the shared socket', () => {
  let mux: UdpMux
  let viewer: Socket
  let stranger: Socket
  const open = async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return socket
  }

  let yields = 0

  beforeAll(async () => {
    mux = await createUdpMux({ addresses: ['127.0.0.1'], yieldToMedia: () => yields++ })
    viewer = await open()
    stranger = await open()
  })
  afterAll(async () => {
    viewer.close()
    stranger.close()
    await mux.close()
  })

  const send = (from: Socket, packet: Buffer) => from.send(packet, mux.addresses[0]!.port, '127.0.0.1')

  function attach(ufrag: string, password: string) {
    const attached = mux.attach(new Map([[ufrag, password]]))
    attached.addFragment(ufrag)
    const received: Buffer[] = []
    const [endpoint] = attached.endpoints
    endpoint!.onData = (data) => received.push(data)
    return { ...attached, endpoint: endpoint!, received }
  }

  it('does not go on checking a host that never answers, on whatever port, until it is heard', async () => {
    const { endpoints, detach } = mux.attach(new Map([['quiet', 'secret']]))
    const endpoint = endpoints[0]!
    const got: Buffer[] = []
    viewer.on('message', (data) => got.push(data))
    const ask = (i: number) =>
      endpoint.send(check('a:b', 'c', `quiet${String(i).padStart(7, '0')}`), ['127.0.0.1', viewer.address().port])
    for (let i = 0; i < 20; i++) await ask(i)
    await until(() => got.length === 20)
    viewer.send(check('b:a', 'c', transactionOf(got[19]!), 0x101), mux.addresses[0]!.port, '127.0.0.1')
    await until(() => endpoint.received === 1)
    for (let i = 20; i < 120; i++) await ask(i)
    endpoint.post(Buffer.from('last'), viewer.address().port, '127.0.0.1')
    await until(() => got.some((data) => data.toString() === 'last'))
    expect(got).toHaveLength(20 + 24 + 1)
    viewer.removeAllListeners('message')
    detach()
  })

  it('gives packets other memory while one stands in line', () => {
    const { endpoint, detach } = attach('slow', 'pw')
    const port = stranger.address().port
    const memory = packetMemory()
    endpoint.post(Buffer.from('gone'), port, '127.0.0.1')
    expect(packetMemory()).toBe(memory)
    // Loopback takes whatever it is given: only what is asked about the queue is made up.
    const waiting = vi.spyOn(Socket.prototype, 'getSendQueueCount').mockReturnValue(1)
    endpoint.post(Buffer.from('waits'), port, '127.0.0.1')
    waiting.mockRestore()
    expect(packetMemory()).not.toBe(memory)
    detach()
  })

  it('lets others go first before each datagram', async () => {
    const before = yields
    const { unknownPackets } = mux.stats
    for (let i = 0; i < 5; i++) send(stranger, Buffer.from([0x80, i]))
    await until(() => mux.stats.unknownPackets === unknownPackets + 5)
    expect(yields).toBe(before + 5)
  })

  it('hands media past ICE once somebody takes it, and nothing else', async () => {
    const peer = attach('media', 'pw')
    const media: Buffer[] = []
    send(viewer, check('media:x', 'pw'))
    send(viewer, Buffer.from([0x80, 1]))
    await until(() => peer.received.length === 2)
    peer.endpoint.onMedia = (data) => media.push(data)
    for (const first of [127, 128, 191, 192]) send(viewer, Buffer.from([first, 2]))
    await until(() => peer.received.length + media.length === 6)
    expect(media.map(([first]) => first)).toEqual([128, 191])
    expect(peer.endpoint.received).toBe(6)
    peer.detach()
    const { unknownPackets } = mux.stats
    send(viewer, Buffer.from([0x80, 3]))
    await until(() => mux.stats.unknownPackets === unknownPackets + 1)
    expect(media).toHaveLength(2)
  })

  it('gives packets of an address to a peer only after an authentic check from there', async () => {
    const peer = attach('one', 'pw1')
    const other = attach('two', 'pw2')
    const { unknownPackets, forgedChecks } = mux.stats
    send(viewer, Buffer.from([0x80, 1]))
    send(viewer, check('one:x', 'wrong'))
    send(viewer, Buffer.from([0x80, 2]))
    await until(() => mux.stats.unknownPackets === unknownPackets + 3)
    expect(mux.stats.forgedChecks).toBe(forgedChecks + 1)
    send(viewer, check('one:x', 'pw1'))
    send(viewer, Buffer.from([0x80, 3]))
    send(stranger, Buffer.from([0x80, 4]))
    await until(() => peer.received.length === 2 && mux.stats.unknownPackets === unknownPackets + 4)
    expect(peer.received[1]).toEqual(Buffer.from([0x80, 3]))
    send(viewer, check('two:x', 'pw2'))
    send(viewer, Buffer.from([0x80, 5]))
    await until(() => other.received.length === 2)
    expect(peer.received).toHaveLength(2)
    peer.detach()
    other.detach()
    send(viewer, Buffer.from([0x80, 6]))
    send(viewer, check('two:x', 'pw2'))
    await until(() => mux.stats.unknownPackets === unknownPackets + 6)
    expect(other.received).toHaveLength(2)
  })

  it('brings a response to who asked, once', async () => {
    const peer = attach('three', 'pw3')
    const { unknownPackets } = mux.stats
    const { port } = viewer.address()
    await peer.endpoint.send(check('a:b', 'c', 'transaction1'), ['127.0.0.1', port])
    const response = check('a:b', 'c', 'transaction1', 0x101)
    send(viewer, check('a:b', 'c', 'transaction2', 0x101))
    send(viewer, response)
    send(viewer, response)
    await until(() => mux.stats.unknownPackets === unknownPackets + 2)
    expect(peer.received).toEqual([response])
    peer.detach()
  })

  it('says when its port is taken', async () => {
    const { port } = mux.addresses[0]!
    await expect(createUdpMux({ addresses: ['127.0.0.1'], port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await expect(createUdpMux({ addresses: ['127.0.0.1'], portRange: [port, port] })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    })
  })

  it('begins in a range where it is told to', async () => {
    const socket = await open()
    const { port } = socket.address()
    socket.close()
    await once(socket, 'close')
    const late = await createUdpMux({ addresses: ['127.0.0.1'], portRange: [port, port + 40], offset: 20 })
    expect(late.addresses[0]!.port).toBeGreaterThanOrEqual(port + 20)
    await late.close()
  })

  it('has one number on every address', async () => {
    const both = await createUdpMux({ addresses: ['127.0.0.1', '127.0.0.2'] })
    expect(new Set(both.addresses.map(({ port }) => port)).size).toBe(1)
    await both.close()
  })
})

describe('host addresses', () => {
  const entry = (address: string, internal = false) => ({
    address,
    internal,
    family: address.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
    netmask: '',
    mac: '',
    cidr: null,
    scopeid: 0,
  })
  const interfaces = {
    lo: [entry('127.0.0.1', true)],
    eth0: [entry('10.0.0.2'), entry('2001:db8::2'), entry('fe80::1')],
  }

  it('are all but loopback and link-local, or loopback when there is nothing else', () => {
    expect(hostAddresses([], interfaces)).toEqual(['10.0.0.2', '2001:db8::2'])
    expect(hostAddresses([], { lo: interfaces.lo })).toEqual(['127.0.0.1'])
    expect(hostAddresses([], {})).toEqual(['127.0.0.1'])
  })

  it('are those given, wildcards spelt out', () => {
    expect(hostAddresses(['127.0.0.1'], interfaces)).toEqual(['127.0.0.1'])
    expect(hostAddresses(['0.0.0.0'], interfaces)).toEqual(['127.0.0.1', '10.0.0.2'])
    expect(hostAddresses(['::', '10.0.0.2'], interfaces)).toEqual(['127.0.0.1', '10.0.0.2', '2001:db8::2'])
  })
})
