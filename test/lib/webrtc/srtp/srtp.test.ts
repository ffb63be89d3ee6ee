import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtectionProfileAeadAes128Gcm, ProtectionProfileAes128CmHmacSha1_80, RtpHeader, SrtpSession } from 'werift'
import { keepPacket } from '../../../../src/lib/webrtc/srtp/packet-memory.ts'
import { createProtect, createUnprotect, Rollover, SendRollover } from '../../../../src/lib/webrtc/srtp/srtp.ts'
import { deriveSessionKeys } from '../../../../src/lib/webrtc/srtp/srtp-keys.ts'

const profiles = [
  { profile: 'gcm', id: ProtectionProfileAeadAes128Gcm, saltLength: 12 },
  { profile: 'cm-sha1', id: ProtectionProfileAes128CmHmacSha1_80, saltLength: 14 },
] as const

/** Session keys as they are derived here, and another implementation with the same master key to compare with. */
function reference({ profile, id, saltLength }: (typeof profiles)[number]) {
  const master = { key: randomBytes(16), salt: randomBytes(saltLength) }
  const keys = {
    localMasterKey: master.key,
    localMasterSalt: master.salt,
    remoteMasterKey: master.key,
    remoteMasterSalt: master.salt,
  }
  const { rtp: own } = deriveSessionKeys(profile, master.key, master.salt)
  return { session: new SrtpSession({ keys, profile: id }), own }
}

describe.each(profiles)('SRTP with $profile', (entry) => {
  it('makes the bytes that another implementation makes', () => {
    const { session, own } = reference(entry)
    const protect = createProtect(own)
    for (const sequenceNumber of [1, 2, 40_000]) {
      const header = new RtpHeader({ sequenceNumber, timestamp: 9, ssrc: 0x89ab_cdef, payloadType: 96, marker: true })
      const payload = randomBytes(700)
      expect(protect(header.serialize(header.serializeSize), payload, 0)).toEqual(session.encrypt(payload, header))
    }
  })

  it('opens what it closed, with any rollover, and nothing that was changed', () => {
    const { own } = reference(entry)
    const protect = createProtect(own)
    const unprotect = createUnprotect(own)
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(0xffff_ffff),
        fc.nat(10_000),
        (header, payload, rollover, flip) => {
          const packet = protect(header, payload, rollover)
          expect(unprotect(packet, 12, rollover)).toEqual(Buffer.concat([header, payload]))
          const at = flip % packet.length
          packet[at] = packet[at]! ^ 1
          expect(unprotect(packet, 12, rollover)).toBeUndefined()
          expect(unprotect(protect(header, payload, rollover), 12, (rollover + 1) >>> 0)).toBeUndefined()
        },
      ),
      { numRuns: 60, seed: 1 },
    )
  })

  it('closes streams side by side, over gaps, wraps and sizes, as if each packet were alone', () => {
    const steps = fc.array(
      fc.record({
        stream: fc.nat(11),
        skip: fc.oneof(fc.constant(1), fc.nat(12), fc.nat(40_000)),
        byteLength: fc.oneof(fc.constant(1200), fc.nat(1400)),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(steps, (packets) => {
        const { own } = reference(entry)
        const protect = createProtect(own)
        const unprotect = createUnprotect(own)
        const at = new Map<number, number>()
        for (const { stream, skip, byteLength } of packets) {
          const index = (at.get(stream) ?? 65_530) + skip
          at.set(stream, index)
          const header = Buffer.alloc(stream % 2 === 0 ? 12 : 20, stream)
          header.writeUInt16BE(index % 65_536, 2)
          const rollover = Math.floor(index / 65_536)
          const payload = randomBytes(byteLength)
          const packet = protect(header, payload, rollover)
          expect(unprotect(packet, header.length, rollover)).toEqual(Buffer.concat([header, payload]))
        }
      }),
      { numRuns: 60, seed: 4 },
    )
  })

  it('makes packets in one place, and leaves one alone that has not left', () => {
    const { own } = reference(entry)
    const protect = createProtect(own)
    const unprotect = createUnprotect(own)
    const header = Buffer.alloc(12, 0x80)
    const [first, second] = [randomBytes(1200), randomBytes(1200)]
    const waiting = protect(header, first, 0)
    keepPacket()
    const next = protect(header, second, 0)
    expect(unprotect(waiting, 12, 0)!.subarray(12)).toEqual(first)
    expect(unprotect(next, 12, 0)!.subarray(12)).toEqual(second)
    expect(protect(header, first, 0)).toBe(next)
  })

  it('refuses a packet shorter than its tag', () => {
    const unprotect = createUnprotect(reference(entry).own)
    expect(unprotect(Buffer.alloc(16, 0x80), 12, 0)).toBeUndefined()
  })
})

it('AES-CM refuses what it could not encrypt', () => {
  const protect = createProtect(reference(profiles[1]).own)
  expect(() => protect(Buffer.alloc(14), Buffer.from('in the clear'), 0)).toThrow(RangeError)
  expect(() => protect(Buffer.alloc(12), Buffer.alloc(2048), 0)).toThrow(RangeError)
})

describe('the rollover counter of what is sent', () => {
  it('never gives a packet index twice, whatever the sequence does', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(65_535), fc.constant(7)), { maxLength: 200 }), (sequences) => {
        const rollover = new SendRollover()
        let last = -1
        for (const sequence of sequences) {
          const index = rollover.of(sequence) * 65_536 + sequence
          expect(rollover.of(sequence) * 65_536 + sequence).toBe(index)
          expect(index).toBeGreaterThan(last)
          expect(index - last).toBeLessThanOrEqual(65_536)
          last = index
          rollover.sent(sequence)
        }
      }),
      { seed: 3 },
    )
  })
})

describe('the rollover counter of what comes', () => {
  it('follows a sequence in order, over wraps, with packets late or missing', () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.array(fc.integer({ min: -200, max: 3000 }), { maxLength: 200 }),
        (first, steps) => {
          const rollover = new Rollover()
          let index = first
          let highest = first
          rollover.advance(first)
          for (const step of steps) {
            index = Math.max(first, highest + step)
            highest = Math.max(highest, index)
            expect(rollover.advance(index & 0xffff)).toBe(Math.floor(index / 65_536))
          }
        },
      ),
      { numRuns: 200, seed: 2 },
    )
  })

  it('does not change by looking', () => {
    const rollover = new Rollover()
    rollover.advance(65_530)
    expect([rollover.peek(3), rollover.peek(3), rollover.peek(65_531)]).toEqual([1, 1, 0])
  })
})
