// One peer attacks with whole conversations of SCTP, DTLS and STUN, in the thread in which another watches: that one loses nothing.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Logger, silentLogger } from '../../../src/lib/base/logger.ts'
import { createUdpMux, type UdpMux } from '../../../src/lib/webrtc/ice/udp-mux.ts'
import type { Peer } from '../../../src/lib/webrtc/peer.ts'
import type { PeerFactory } from '../../../src/lib/webrtc/peer-factory.ts'
import type { ReceivingPeer } from '../../../src/lib/webrtc/receiving-peer.ts'
import type { Transport } from '../../../src/lib/webrtc/transport.ts'
import { chunkOf, connectRaw, dataChunk, openServer, type RawViewer, reachRaw, seal } from '../../support/raw-viewer.ts'
import { stunMessage } from '../../support/stun-messages.ts'
import { connectPair, createFactory, hangMs, packetOf, until } from '../../support/webrtc-pair.ts'

const rounds = Number(process.env.MCPX_FUZZ_ROUNDS ?? 400)
const seed = Number(process.env.MCPX_FUZZ_SEED ?? 1)
/** CPU of this thread, for one datagram: what an attack costs the others. The worst that is allowed takes 2. */
const maxMsPerDatagram = 50

const corpus = (name: string): Buffer[] =>
  readFileSync(new URL(`corpus/${name}.hex`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Buffer.from(line, 'hex'))

/** mulberry32. */
function randomOf(start: number): (end: number) => number {
  let state = start
  return (end) => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * end) | 0
  }
}

function mutate(original: Buffer, random: (end: number) => number): Buffer {
  let packet = Buffer.from(original)
  for (let i = random(4); i >= 0 && packet.length > 0; i--) {
    const at = random(packet.length)
    const kind = random(7)
    if (kind === 0) packet[at] = random(256)
    if (kind === 1) packet[at]! ^= 1 << random(8)
    if (kind === 2) packet.fill([0, 255, 127, 128][random(4)]!, at, Math.min(packet.length, at + 1 + random(4)))
    if (kind === 3) packet = packet.subarray(0, at)
    if (kind === 4) packet = Buffer.concat([packet, packet.subarray(at)])
    if (kind === 5)
      packet = Buffer.concat([packet.subarray(0, at), Buffer.alloc(random(64), random(256)), packet.subarray(at)])
    if (kind === 6 && at + 2 <= packet.length) packet.writeUInt16BE([0, 1, 3, 4, 5, 8, 0xffff][random(7)]!, at)
  }
  return Buffer.from(packet.subarray(0, 8000))
}

/** CPU of the thread for each datagram that came to the socket, at the worst turn of the event loop. */
async function openMeasured(): Promise<{ mux: UdpMux; worstMs(): number }> {
  let datagrams = 0
  let worst = 0
  let startUs = 0
  const usedUs = () => {
    const { user, system } = process.threadCpuUsage()
    return user + system
  }
  const yieldToMedia = () => {
    if (datagrams++ > 0) return
    startUs = usedUs()
    setImmediate(() => {
      worst = Math.max(worst, (usedUs() - startUs) / 1000 / datagrams)
      datagrams = 0
    })
  }
  const mux = await createUdpMux({ addresses: ['127.0.0.1'], yieldToMedia })
  return { mux, worstMs: () => worst }
}

let factory: PeerFactory
let bystander: { peer: Peer; viewer: ReceivingPeer }
const received = new Set<number>()
let sent = 0

beforeAll(async () => {
  factory = await createFactory()
  bystander = await connectPair(factory)
  bystander.viewer.events.on('rtp', ({ sequence }) => received.add(sequence))
}, hangMs)

afterAll(async () => {
  await bystander?.viewer.close()
  await factory?.close()
})

/** One packet of the other viewer's picture, between two of the attack. */
async function bystand(): Promise<void> {
  bystander.peer.outlets.find(({ kind }) => kind === 'video')!.send(packetOf(sent++, Buffer.alloc(100)))
  await new Promise((resolve) => setImmediate(resolve))
}

interface Attack {
  readonly server: Transport
  readonly raw: RawViewer
  readonly worstMs: () => number
  readonly warnings: string[]
  readonly texts: string[]
}

/** A server side on a socket of its own, before anybody has connected. */
async function open(): Promise<Omit<Attack, 'raw'>> {
  const { mux, worstMs } = await openMeasured()
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: ({ err }: { err: Error }) => void warnings.push(err.message) } as Logger
  const server = await openServer(mux, logger)
  const texts: string[] = []
  server.events.on('control', (text) => texts.push(text))
  onTestFinished(async () => {
    await server.close()
    await mux.close()
  })
  return { server, worstMs, warnings, texts }
}

async function begin(): Promise<Attack> {
  const attack = await open()
  const raw = await connectRaw(attack.server)
  onTestFinished(() => raw.close())
  return { ...attack, raw }
}

/** The other viewer has lost nothing, and nothing took long. */
async function isUnharmed({ worstMs }: Pick<Attack, 'worstMs'>): Promise<void> {
  await until(() => received.size === sent)
  expect(bystander.viewer.stats().video).toMatchObject({ packetsReceived: sent, packetsLost: 0 })
  expect(worstMs()).toBeLessThan(maxMsPerDatagram)
}

const uint16s = (...values: number[]) => {
  const buffer = Buffer.alloc(2 * values.length)
  for (const [i, value] of values.entries()) buffer.writeUInt16BE(value, 2 * i)
  return buffer
}
const x = Buffer.from('x')
/** A SACK of what it says has come, with gap blocks. */
const sack = (tsn: number, gaps: readonly [number, number][], claimed = gaps.length) => {
  const head = Buffer.alloc(12)
  head.writeUInt32BE(tsn >>> 0, 0)
  head.writeUInt32BE(131_072, 4)
  head.writeUInt16BE(claimed, 8)
  return chunkOf(3, Buffer.concat([head, uint16s(...gaps.flat())]))
}
const many = (count: number, chunk: (i: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => chunk(i)))

/** Chunks of the packet `i`, by the name of the attack. All of them ended or stalled the thread, or filled its memory. */
const attacks: Record<string, { packets: number; isBroken: boolean; chunks: (i: number, tsn: number) => Buffer }> = {
  'a HEARTBEAT of length 0': { packets: 60, isBroken: true, chunks: () => Buffer.from([4, 0, 0, 0]) },
  'a HEARTBEAT parameter of length 0': { packets: 60, isBroken: true, chunks: () => chunkOf(4, uint16s(1, 0)) },
  'a COOKIE ACK of length 0': { packets: 60, isBroken: true, chunks: () => Buffer.from([11, 0, 0, 0]) },
  'a chunk that nobody knows, of length 0': { packets: 60, isBroken: true, chunks: () => Buffer.from([0xc0, 0, 0, 0]) },
  'an INIT whose parameter has length 0': {
    packets: 60,
    isBroken: true,
    chunks: () => chunkOf(1, Buffer.concat([Buffer.alloc(16), uint16s(1, 0)])),
  },
  'gap blocks that all span 1 to 65535': {
    packets: 60,
    isBroken: true,
    chunks: () =>
      sack(
        0,
        Array.from({ length: 200 }, () => [1, 65_535]),
      ),
  },
  'a SACK that claims 65535 blocks': { packets: 60, isBroken: true, chunks: () => sack(0, [], 65_535) },
  'hundreds of chunks after a hole': {
    packets: 60,
    isBroken: true,
    chunks: (i, tsn) => many(150, (k) => dataChunk(tsn + 2 + 2 * (150 * i + k), 3, 5, x)),
  },
  'chunks after a hole, no more than a second allows': {
    packets: 90,
    isBroken: false,
    chunks: (i, tsn) => many(20, (k) => dataChunk(tsn + 2 + 2 * (20 * i + k), 3, 5, x)),
  },
  'chunks after a hole, few at a time': {
    packets: 600,
    isBroken: true,
    chunks: (i, tsn) => many(20, (k) => dataChunk(tsn + 2 + 2 * (20 * i + k), 3, 5, x)),
  },
  'a message that never ends': {
    packets: 2000,
    isBroken: true,
    chunks: (i, tsn) => dataChunk(tsn + i, i === 0 ? 2 : 0, 6, Buffer.alloc(1100)),
  },
  'a message that never ends, a byte at a time': {
    packets: 80,
    isBroken: true,
    chunks: (i, tsn) => many(20, (k) => dataChunk(tsn + 20 * i + k, i + k === 0 ? 2 : 0, 6, x)),
  },
  'unordered beginnings of messages': {
    packets: 80,
    isBroken: true,
    chunks: (i, tsn) => many(20, (k) => dataChunk(tsn + 20 * i + k, 6, 6, x)),
  },
  'a new stream for each chunk': { packets: 80, isBroken: true, chunks: (i, tsn) => dataChunk(tsn + i, 3, 100 + i, x) },
  duplicates: { packets: 400, isBroken: true, chunks: (_, tsn) => many(20, () => dataChunk(tsn - 1, 3, 5, x)) },
  'a FORWARD-TSN of many streams': {
    packets: 60,
    isBroken: true,
    chunks: (_, tsn) =>
      chunkOf(192, Buffer.concat([dataChunk(tsn, 0, 0, x).subarray(4, 8), uint16s(...Array(800).keys())])),
  },
  'a reset of streams that are cut in half': {
    packets: 60,
    isBroken: true,
    chunks: () => chunkOf(130, Buffer.concat([uint16s(13, 17), Buffer.alloc(13)])),
  },
}

describe('a hostile viewer, by SCTP', () => {
  it.each(Object.entries(attacks))(
    '%s costs nobody else anything',
    async (_name, { packets, isBroken, chunks }) => {
      const attack = await begin()
      const { server, raw, warnings } = attack
      const firstTsn = raw.nextTsn
      for (let i = 0; i < packets && server.connection === 'connected'; i++) {
        await raw.sendChunks(chunks(i, firstTsn))
        await bystand()
      }
      if (isBroken) {
        await until(() => server.connection === 'failed', 5000)
        expect(warnings).toEqual([expect.stringContaining('SCTP failed: ')])
        expect(server.failure).toMatchObject({ code: 'PEER_FAILED', message: warnings[0] })
      } else {
        expect([server.connection, warnings]).toEqual(['connected', []])
      }
      await isUnharmed(attack)
    },
    hangMs,
  )

  it(
    'takes messages as before after some bad packets',
    async () => {
      const attack = await begin()
      for (let i = 0; i < 10; i++) await attack.raw.sendChunks(Buffer.from([4, 0, 0, 0]))
      attack.raw.sendText('hello')
      await vi.waitFor(() => expect(attack.texts).toEqual(['hello']))
      await isUnharmed(attack)
    },
    hangMs,
  )

  it(
    'may send anything that resembles a conversation',
    async () => {
      const random = randomOf(seed)
      const recorded = corpus('sctp')
      for (let left = rounds; left > 0; ) {
        const attack = await begin()
        const { raw, server } = attack
        const tag = raw.sentSctp.at(-1)!.readUInt32BE(4)
        const tsn = raw.nextTsn
        for (; left > 0 && server.connection === 'connected'; left--) {
          const packet = mutate(recorded[random(recorded.length)]!, random)
          if (packet.length >= 20 && random(8) > 0) {
            if (random(8) > 0) packet.writeUInt32BE(tag, 4)
            if (packet[12] === 0 && random(4) > 0) packet.writeUInt32BE((tsn + random(80)) >>> 0, 16)
            seal(packet)
          }
          await raw.sendSctp(packet)
          await bystand()
        }
        await isUnharmed(attack)
      }
    },
    hangMs * 4,
  )
})

describe('a hostile viewer, by DTLS and STUN', () => {
  it(
    'may send anything that resembles a handshake, before there is one',
    async () => {
      const random = randomOf(seed)
      const recorded = corpus('dtls')
      for (let left = rounds; left > 0; ) {
        const attack = await open()
        const raw = await reachRaw(attack.server)
        for (let i = 0; i < 100 && left > 0 && attack.server.connection === 'connecting'; i++, left--) {
          const original = recorded[random(recorded.length)]!
          raw.sendDatagram(random(4) === 0 ? original : mutate(original, random))
          await bystand()
        }
        await raw.close()
        await isUnharmed(attack)
      }
    },
    hangMs * 4,
  )

  /** Attributes of any kind and length, signed as only the viewer can. */
  const authentic = ({ ufrag, password }: Transport['local'], random: (end: number) => number) => {
    const types = [1, 6, 9, 10, 0x12, 0x20, 0x24, 0x25, 0x8022, 0x8028, 0x8029, 0x802a, random(0x1_0000)]
    const attributes = Array.from({ length: random(8) }, (): [number, Buffer] => [
      types[random(types.length)]!,
      Buffer.alloc([0, 3, 4, 8, 20, random(1000)][random(6)]!, random(256)),
    ])
    const type = [1, 1, 1, 3, 0x11, 0x101, 0x111, random(0x4000)][random(8)]!
    return stunMessage(type, [[6, Buffer.from(`${ufrag}:them`)], [0x24, Buffer.alloc(4)], ...attributes], { password })
  }

  it.each(['dtls', 'stun'])(
    'may send anything that resembles %s',
    async (protocol) => {
      const random = randomOf(seed)
      const recorded = corpus(protocol)
      for (let left = rounds; left > 0; ) {
        const attack = await begin()
        const { raw, server } = attack
        for (; left > 0 && server.connection === 'connected'; left--) {
          const isAuthentic = protocol === 'stun' && random(2) === 0
          raw.sendDatagram(
            isAuthentic ? authentic(server.local, random) : mutate(recorded[random(recorded.length)]!, random),
          )
          await bystand()
        }
        await isUnharmed(attack)
      }
    },
    hangMs * 4,
  )

  it(
    'cannot say goodbye for somebody else: it takes the keys',
    async () => {
      const attack = await begin()
      const { raw, server } = attack
      for (const body of [Buffer.from([1, 0]), Buffer.alloc(26, Buffer.from([1, 0])), Buffer.alloc(26, 2)]) {
        const alert = Buffer.concat([Buffer.from('15fefd000100000000ffff', 'hex'), uint16s(body.length), body])
        raw.sendDatagram(alert)
        await bystand()
      }
      raw.sendText('still here')
      await vi.waitFor(() => expect(attack.texts).toEqual(['still here']))
      expect(server.connection).toBe('connected')
      raw.sayGoodbye()
      await until(() => server.connection === 'closed')
      await isUnharmed(attack)
    },
    hangMs,
  )
})
