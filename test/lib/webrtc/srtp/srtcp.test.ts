import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtectionProfileAeadAes128Gcm, ProtectionProfileAes128CmHmacSha1_80, SrtcpSession } from 'werift'
import { createProtectRtcp, createUnprotectRtcp } from '../../../../src/lib/webrtc/srtp/srtcp.ts'
import { deriveSessionKeys } from '../../../../src/lib/webrtc/srtp/srtp-keys.ts'

const profiles = [
  { profile: 'gcm', id: ProtectionProfileAeadAes128Gcm, saltLength: 12 },
  { profile: 'cm-sha1', id: ProtectionProfileAes128CmHmacSha1_80, saltLength: 14 },
] as const

/** Our two halves, and another implementation with the same master key. */
function rig({ profile, id, saltLength }: (typeof profiles)[number]) {
  const [key, salt] = [randomBytes(16), randomBytes(saltLength)]
  const { rtcp } = deriveSessionKeys(profile, key, salt)
  const keys = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt }
  return {
    /** One of its own for each sender, as most have it. */
    protectAnew: () => createProtectRtcp(rtcp),
    protect: createProtectRtcp(rtcp),
    unprotect: createUnprotectRtcp(rtcp),
    other: new SrtcpSession({ keys, profile: id }),
  }
}

/** RTCP as far as SRTCP looks: a header with an SSRC, and words after it. */
const compounds = fc.uint8Array({ minLength: 8, maxLength: 200 }).map((bytes) => Buffer.from(bytes))

describe.each(profiles)('SRTCP with $profile', (entry) => {
  it('makes the bytes that another implementation makes, packet after packet', () => {
    const { protect, other } = rig(entry)
    const compound = randomBytes(60)
    for (let i = 0; i < 300; i++) expect(protect(compound)).toEqual(other.encrypt(compound))
  })

  it('opens what another implementation closed, and nothing that was changed', () => {
    const { unprotect, other } = rig(entry)
    fc.assert(
      fc.property(compounds, fc.nat(10_000), (compound, flip) => {
        const packet = other.encrypt(compound)
        expect(unprotect(packet)).toEqual(compound)
        const at = flip % packet.length
        packet[at] = packet[at]! ^ 1
        expect(unprotect(packet)).toBeUndefined()
      }),
      { numRuns: 60, seed: 2 },
    )
  })

  it('takes what is larger than a datagram is expected to be', () => {
    const { protect, unprotect, other } = rig(entry)
    const compound = randomBytes(9000)
    expect(unprotect(protect(compound))).toEqual(compound)
    const another = randomBytes(9000)
    expect(unprotect(other.encrypt(another))).toEqual(another)
  })

  it('opens each packet once, overtaken or not, of each sender, and none that is far behind', () => {
    const { protect, protectAnew, unprotect } = rig(entry)
    const reportOf = (ssrc: number) => Buffer.from([0x80, 201, 0, 1, 0, 0, 0, ssrc])
    const packets = Array.from({ length: 300 }, () => protect(reportOf(1)))
    const opens = (packet: Buffer) => unprotect(packet) !== undefined
    expect([3, 0, 2, 1, 3, 0, 2, 1].map((i) => opens(packets[i]!))).toEqual([
      ...Array(4).fill(true),
      ...Array(4).fill(false),
    ])
    expect([200, 72, 73, 200, 73].map((i) => opens(packets[i]!))).toEqual([true, false, true, false, false])
    const second = protectAnew()(reportOf(2))
    expect([opens(second), opens(second), opens(packets[299]!)]).toEqual([true, false, true])
  })

  it('never closes two packets alike', () => {
    const { protect } = rig(entry)
    const compound = randomBytes(40)
    const seen = new Set(Array.from({ length: 50 }, () => protect(compound).toString('hex')))
    expect(seen.size).toBe(50)
  })

  it('refuses a packet that is too short for its trailer', () => {
    const { unprotect } = rig(entry)
    for (let length = 0; length < 28; length++) expect(unprotect(Buffer.alloc(length, 0x80))).toBeUndefined()
  })
})
