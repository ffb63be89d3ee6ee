import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../../../src/lib/webrtc/sctp/crc32c.ts'
import { SctpFence } from '../../../../src/lib/webrtc/sctp/sctp-fence.ts'
import { type Association, refuseSctp, sctpWindowBytes } from '../../../../src/lib/webrtc/sctp/sctp-guard.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { chunkOf, dataChunk, sctpPacket, seal } from '../../../support/raw-viewer.ts'

const tag = 0x0102_0304
const fresh: Association = {
  verificationTag: tag,
  isEstablished: true,
  lastReceivedTsn: 1000,
  nextTsn: 2000,
  heldBytes: 0,
  heldChunks: 0,
  streamIds: new Set([1]),
  backlog: 0,
}
const refuse = (chunks: Buffer, more: Partial<Association> = {}) =>
  refuseSctp(sctpPacket(tag, chunks), { ...fresh, ...more })
const x = Buffer.from('x')
const data = (tsn: number, stream = 1, bytes: Buffer = x) => dataChunk(tsn, 3, stream, bytes)
const uint16s = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 255])))

function sack(cumulativeTsn: number, ...gaps: number[]): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt32BE(cumulativeTsn, 0)
  head.writeUInt16BE(gaps.length / 2, 8)
  return chunkOf(3, Buffer.concat([head, uint16s(...gaps)]))
}

function init(initialTsn: number, parameters = Buffer.alloc(0)): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32BE(7, 0)
  body.writeUInt16BE(10, 8)
  body.writeUInt16BE(10, 10)
  body.writeUInt32BE(initialTsn, 12)
  return chunkOf(1, Buffer.concat([body, parameters]))
}

it('knows the check value of CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283)
})

describe('the guard of SCTP', () => {
  it('passes what a viewer sends', () => {
    for (const chunks of [
      data(1001),
      Buffer.concat([data(1001), data(1002), data(1003, 2, Buffer.alloc(500))]),
      data(1064),
      data(900),
      sack(1999),
      sack(1500, 2, 4, 6, 499),
      chunkOf(4, Buffer.concat([uint16s(1, 12), Buffer.alloc(8)])),
      chunkOf(11, Buffer.alloc(0)),
      chunkOf(130, Buffer.concat([uint16s(13, 18), Buffer.alloc(12), uint16s(1)])),
      chunkOf(192, Buffer.concat([Buffer.from([0, 0, 3, 0xea]), uint16s(1, 5)])),
      chunkOf(6, Buffer.concat([uint16s(12, 9), Buffer.from('bye!!')])),
    ])
      expect(refuse(chunks)).toBeUndefined()
    const first = sctpPacket(0, init(5, Buffer.concat([uint16s(0x8008, 6, 0x82c0, 0), uint16s(0xc000, 4)])))
    expect(refuseSctp(first, { ...fresh, isEstablished: false, lastReceivedTsn: undefined })).toBeUndefined()
  })

  it.each<[string, Buffer, Partial<Association>?]>([
    ['a HEARTBEAT of length 0', Buffer.from([4, 0, 0, 0])],
    ['a parameter of length 0', chunkOf(4, uint16s(1, 0))],
    ['a parameter that ends behind its chunk', chunkOf(4, uint16s(1, 9))],
    ['a chunk that ends behind its packet', Buffer.from([4, 0, 0, 9])],
    ['DATA without data', chunkOf(0, Buffer.alloc(12))],
    ['DATA before the other side has begun', data(1001), { lastReceivedTsn: undefined }],
    ['DATA beyond the window', data(1001, 1, Buffer.alloc(100)), { heldBytes: sctpWindowBytes - 99 }],
    ['a fragment too many', data(1001), { heldChunks: 512 }],
    ['a stream too many', data(1001, 99), { streamIds: new Set(Array(16).keys()) }],
    ['a SACK of what was not sent', sack(2000)],
    ['a gap block beyond what was sent', sack(1500, 2, 500)],
    ['gap blocks that overlap', sack(1500, 2, 4, 4, 6)],
    ['a gap block that runs backwards', sack(1500, 4, 2)],
    ['a SACK shorter than its counts', chunkOf(3, Buffer.concat([Buffer.alloc(8), uint16s(65_535, 65_535)]))],
    ['a FORWARD-TSN far away', chunkOf(192, Buffer.from([0x7f, 0, 0, 0]))],
    ['a reset of half a stream', chunkOf(130, Buffer.concat([uint16s(13, 17), Buffer.alloc(13)]))],
    ['an unknown chunk', chunkOf(0x40, Buffer.alloc(4))],
    ['65 chunks', Buffer.concat(Array.from({ length: 65 }, (_, i) => data(1001 + i)))],
    ['INIT beside other chunks', Buffer.concat([init(5), chunkOf(11, Buffer.alloc(0))])],
  ])('refuses %s by the rules', (_name, chunks, more) => {
    expect(refuse(chunks, more)).toMatchObject({ kind: 'rule' })
  })

  it('asks for patience beyond a gap, and of who does not read', () => {
    expect(refuse(data(1065))).toMatchObject({ kind: 'limit' })
    expect(refuse(data(1001), { backlog: 5000 })).toMatchObject({ kind: 'limit' })
    expect(refuse(sack(1999), { backlog: 5000 })).toBeUndefined()
  })

  it('counts TSNs over their end', () => {
    expect(refuse(data(3), { lastReceivedTsn: 0xffff_fffe })).toBeUndefined()
    expect(refuse(data(70), { lastReceivedTsn: 0xffff_fffe })).toMatchObject({ kind: 'limit' })
    expect(refuse(sack(0xffff_fffe, 2, 3), { nextTsn: 2 })).toBeUndefined()
    expect(refuse(sack(2), { nextTsn: 2 })).toMatchObject({ kind: 'rule' })
  })

  it('takes no packet with another checksum, tag or begin', () => {
    const packet = sctpPacket(tag, data(1001))
    packet[20]! ^= 1
    expect(refuseSctp(packet, fresh)?.reason).toBe('a wrong checksum')
    expect(refuseSctp(sctpPacket(tag + 1, data(1001)), fresh)?.reason).toBe('a wrong verification tag')
    expect(refuseSctp(sctpPacket(0, init(5)), fresh)?.reason).toContain('established')
    expect(refuseSctp(sctpPacket(0, init(0)), { ...fresh, isEstablished: false })?.reason).toContain('TSN of 0')
  })

  it('says something of any bytes, and at once', () => {
    const corpus = readFileSync(new URL('../corpus/sctp.hex', import.meta.url), 'utf8')
    const packets = corpus.split('\n').filter((line) => /^[0-9a-f]+$/.test(line))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 2000 }),
          fc.constantFrom(...packets).map((hex) => Buffer.from(hex, 'hex')),
        ),
        fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
        (bytes, changes) => {
          const packet = Buffer.from(bytes)
          for (const [at, value] of changes) if (packet.length > 0) packet[at % packet.length] = value
          if (packet.length >= 12) {
            packet.writeUInt32BE(tag, 4)
            seal(packet)
          }
          const refusal = refuseSctp(packet, fresh)
          expect(refusal === undefined || refusal.reason.length > 0).toBe(true)
        },
      ),
    )
  })
})

describe('the fence of SCTP', () => {
  const open = () => {
    const clock = new FakeClock()
    const broken: string[] = []
    return { clock, broken, fence: new SctpFence({ clock, onBroken: (reason) => broken.push(reason) }) }
  }
  const bad = sctpPacket(tag, Buffer.from([4, 0, 0, 0]))
  const good = sctpPacket(tag, data(1001))

  it('gives up, once, a peer that goes on breaking rules, and takes nothing of it any more', () => {
    const { fence, broken } = open()
    for (let i = 0; i < 20; i++) expect(fence.admits(bad, fresh)).toBe(false)
    expect([broken, fence.admits(good, fresh)]).toEqual([[], true])
    for (let i = 0; i < 3000; i++) fence.admits(bad, fresh)
    expect([broken.length, fence.admits(good, fresh)]).toEqual([1, false])
  })

  it('forgives what is broken now and then', () => {
    const { clock, fence, broken } = open()
    for (let i = 0; i < 500; i++) {
      fence.admits(bad, fresh)
      clock.advance(1100)
    }
    expect([broken, fence.admits(good, fresh)]).toEqual([[], true])
  })

  it('takes so many chunks a second, and gives up who sends many more', () => {
    const { clock, fence, broken } = open()
    const packet = sctpPacket(tag, Buffer.concat(Array.from({ length: 50 }, (_, i) => data(1001 + i))))
    const admitted = (packets: number) =>
      Array.from({ length: packets }, () => fence.admits(packet, fresh)).filter(Boolean).length
    expect(admitted(55)).toBe(40)
    clock.advance(30_000)
    expect([admitted(40), broken]).toEqual([40, []])
    expect([admitted(30), broken]).toEqual([0, ['more than 2000 chunks in a second']])
  })
})
