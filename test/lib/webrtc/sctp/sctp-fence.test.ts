// One peer before the fence: what is dropped for now, what costs the connection, and that it is told once.
import { describe, expect, it } from 'vitest'
import { SctpFence } from '../../../../src/lib/webrtc/sctp/sctp-fence.ts'
import type { Association } from '../../../../src/lib/webrtc/sctp/sctp-guard.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { chunkOf, dataChunk, sctpPacket } from '../../../support/raw-viewer.ts'

const tag = 77
const association = (change: Partial<Association> = {}): Association => ({
  ...{ verificationTag: tag, isEstablished: true, lastReceivedTsn: 100, nextTsn: 1, heldBytes: 0, heldChunks: 0 },
  ...{ streamIds: new Set([0]), backlog: 0 },
  ...change,
})
const heartbeat = chunkOf(4, chunkOf(0, Buffer.alloc(0), 1))
const message = (tsn: number) => sctpPacket(tag, dataChunk(tsn, 3, 0, Buffer.from('hello')))
const wrongTag = sctpPacket(tag + 1, dataChunk(101, 3, 0, Buffer.from('x')))

function fenced() {
  const clock = new FakeClock()
  const told: string[] = []
  const fence = new SctpFence({ clock, onBroken: (reason) => told.push(reason) })
  const admits = (packet: Buffer, change?: Partial<Association>) => fence.admits(packet, association(change))
  return { clock, told, fence, admits }
}

describe('the fence before SCTP', () => {
  it('lets pass what is in order', () => {
    const { admits, told } = fenced()
    for (let tsn = 101; tsn < 400; tsn++) expect(admits(message(tsn), { lastReceivedTsn: tsn - 1 })).toBe(true)
    expect(told).toEqual([])
  })

  it('drops what breaks a rule, and tells of who goes on once; nothing passes from then on', () => {
    const { admits, told } = fenced()
    for (let i = 0; i < 20; i++) expect(admits(wrongTag)).toBe(false)
    expect([told, admits(message(101))]).toEqual([[], true])
    for (let i = 0; i < 5; i++) expect(admits(wrongTag)).toBe(false)
    expect(told).toEqual(['a wrong verification tag'])
    expect(admits(message(101))).toBe(false)
  })

  it('goes on where a rule is broken now and then', () => {
    const { admits, told, clock } = fenced()
    for (let second = 0; second < 200; second++) {
      expect(admits(wrongTag)).toBe(false)
      clock.advance(1000)
    }
    expect([told, admits(message(101))]).toEqual([[], true])
  })

  it('lets who has to wait come again as often as it likes', () => {
    const { admits, told } = fenced()
    for (let i = 0; i < 500; i++) expect(admits(message(900))).toBe(false)
    expect([told, admits(message(101))]).toEqual([[], true])
  })

  it('takes two thousand chunks a second, however they are packed', () => {
    const { admits, told, clock } = fenced()
    const packed = sctpPacket(tag, Buffer.concat(Array<Buffer>(50).fill(heartbeat)))
    const passed = () => Array.from({ length: 45 }, () => admits(packed)).filter(Boolean).length
    expect(passed()).toBe(40)
    clock.advance(500)
    expect(passed()).toBe(20)
    expect(told).toEqual(['more than 2000 chunks in a second'])
  })

  it('counts strikes of other kinds with its own', () => {
    const { admits, told, fence } = fenced()
    for (let i = 0; i < 10; i++) admits(wrongTag)
    for (let i = 0; i < 15; i++) fence.strike('a message that makes no sense')
    expect(told).toEqual(['a message that makes no sense'])
  })
})
