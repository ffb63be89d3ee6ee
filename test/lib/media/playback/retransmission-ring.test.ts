import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RetransmissionRing } from '../../../../src/lib/media/playback/retransmission-ring.ts'
import type { OutgoingPacket } from '../../../../src/lib/model/frame.ts'

const limits = { capacity: 256, keepMs: 1000, byteRatio: 0.5, maxSavedBytes: 20_000 }

function packet(sequence: number, byteLength = 100): OutgoingPacket {
  const payload = new Uint8Array(byteLength).fill(sequence & 255)
  return {
    payload,
    sequence,
    timestamp: sequence * 3,
    marker: sequence % 3 === 0,
    pictureIdOffset: 2,
    pictureId: sequence & 0x7fff,
  }
}

/** Asked for and sent again at once. */
function lookup(ring: RetransmissionRing, sequence: number, nowMs: number, into: OutgoingPacket): boolean {
  if (!ring.request(sequence, nowMs)) return false
  ring.takeNext(nowMs, into)
  return true
}

test('gives back exactly what was sent within the time and the capacity, over the sequence wrap', () => {
  fc.assert(
    fc.property(fc.nat(65535), fc.integer({ min: 1, max: 900 }), fc.nat(1200), (first, count, waitMs) => {
      const ring = new RetransmissionRing({ ...limits, byteRatio: 1, maxSavedBytes: 1e9 })
      const into = packet(0)
      for (let i = 0; i < count; i++) ring.store(packet((first + i) & 0xffff), i)
      const nowMs = count + waitMs
      for (let i = 0; i < count; i++) {
        const sequence = (first + i) & 0xffff
        const isKept = count - i <= limits.capacity && nowMs - i <= limits.keepMs
        expect(lookup(ring, sequence, nowMs, into)).toBe(isKept)
        if (isKept) expect(into).toEqual(packet(sequence))
      }
      expect(lookup(ring, (first + count) & 0xffff, nowMs, into)).toBe(false)
    }),
    { numRuns: 50 },
  )
})

test('a packet is sent again once a round trip, and not within 20 ms', () => {
  const ring = new RetransmissionRing(limits)
  const into = packet(0)
  ring.store(packet(7), 0)
  expect(lookup(ring, 7, 5, into)).toBe(true)
  expect(lookup(ring, 7, 24, into)).toBe(false)
  expect(lookup(ring, 7, 25, into)).toBe(true)
  ring.roundTripMs = 100
  expect(lookup(ring, 7, 124, into)).toBe(false)
  expect(lookup(ring, 7, 125, into)).toBe(true)
})

test('retransmissions stay within their share of what was sent', () => {
  const ring = new RetransmissionRing({ ...limits, capacity: 1024, keepMs: 1e6 })
  const into = packet(0)
  let again = 0
  for (let i = 0; i < 1000; i++) {
    ring.store(packet(i), i)
    for (let back = 0; back < 20; back++) if (lookup(ring, Math.max(0, i - back), i, into)) again += 100
  }
  expect(again).toBeGreaterThan(49_000)
  expect(again).toBeLessThanOrEqual(1000 * 100 * 0.5 + limits.maxSavedBytes / 2)
})

test('what is too old is let go without a further packet', () => {
  const ring = new RetransmissionRing(limits)
  for (let i = 0; i < 100; i++) ring.store(packet(i), i * 10)
  ring.expire(1495)
  expect(ring.size).toBe(50)
  ring.expire(60_000)
  expect(ring.size).toBe(0)
})

test('what is asked for leaves in that order, once, and without what has become too old meanwhile', () => {
  const ring = new RetransmissionRing({ ...limits, byteRatio: 1, maxSavedBytes: 1e9 })
  const into = packet(0)
  for (let i = 0; i < 20; i++) ring.store(packet(i, 100 + i), i)
  for (const sequence of [5, 3, 5, 999, 7, 3]) ring.request(sequence, 100)
  expect(ring.waiting).toBe(3)
  const left: number[] = []
  while (ring.nextByteLength(1004) > 0) {
    expect(ring.nextByteLength(1004)).toBe(100 + [5, 7][left.length]!)
    ring.takeNext(1004, into)
    left.push(into.sequence)
  }
  expect(left).toEqual([5, 7])
  expect(ring.waiting).toBe(0)
})

test('the line is never longer than the ring, whatever is asked for and forgotten', () => {
  const ring = new RetransmissionRing({ ...limits, byteRatio: 1, maxSavedBytes: 1e9 })
  const into = packet(0)
  for (let i = 0; i < 2000; i++) {
    ring.store(packet(i), i)
    ring.request(i, i)
    expect(ring.waiting).toBeLessThanOrEqual(limits.capacity)
  }
  const left: number[] = []
  for (; ring.nextByteLength(2000) > 0; ring.takeNext(2000, into)) left.push(ring.waiting)
  expect(left.length).toBeLessThanOrEqual(limits.capacity)
})
