// The session keys of SRTP and SRTCP from what DTLS exported (RFC 3711 4.3, RFC 7714 11), as KeyObjects are made of them.
import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'

export type SrtpProfile = 'gcm' | 'cm-sha1'

/** What protects packets of one protocol in one direction. */
export interface SrtpKeys {
  readonly profile: SrtpProfile
  readonly key: Uint8Array
  /** 14 bytes; GCM uses the first 12. */
  readonly salt: Uint8Array
  readonly authKey: Uint8Array
}

/** Of one direction. */
export interface SessionKeys {
  readonly rtp: SrtpKeys
  readonly rtcp: SrtpKeys
}

/**
 * Turns a header and a payload into one packet for the wire, which stands until the next one is made on this thread. `rollover` is
 * the high part of the packet index.
 */
export type Protect = (header: Uint8Array, payload: Uint8Array, rollover: number) => Buffer

/** The payload in the clear with the header before it, or undefined when the packet is not authentic. */
export type Unprotect = (packet: Buffer, headerLength: number, rollover: number) => Buffer | undefined

/** Lengths of what DTLS exports for a profile, in bytes. */
export const masterKeyLength = 16
export const masterSaltLength = (profile: SrtpProfile): number => (profile === 'gcm' ? 12 : 14)

export const secretKey = (bytes: Uint8Array): KeyObject => createSecretKey(bytes)

const blockLength = 16
/** Labels of RFC 3711 4.3.2: encryption, authentication (two blocks: 20 bytes) and salt; of SRTP, then of SRTCP. */
const blocks = [
  { label: 0, counter: 0 },
  { label: 1, counter: 0 },
  { label: 1, counter: 1 },
  { label: 2, counter: 0 },
  { label: 3, counter: 0 },
  { label: 4, counter: 0 },
  { label: 4, counter: 1 },
  { label: 5, counter: 0 },
]

/** With a key derivation rate of 0, as DTLS-SRTP has it: derived once. */
export function deriveSessionKeys(profile: SrtpProfile, masterKey: Uint8Array, masterSalt: Uint8Array): SessionKeys {
  const input = Buffer.alloc(blocks.length * blockLength)
  for (const [i, { label, counter }] of blocks.entries()) {
    const at = i * blockLength
    input.set(masterSalt.subarray(0, 14), at)
    input[at + 7] = input[at + 7]! ^ label
    input[at + 15] = counter
  }
  const stream = createCipheriv('aes-128-ecb', secretKey(masterKey), null).setAutoPadding(false).update(input)
  const keysAt = (first: number): SrtpKeys => {
    const at = first * blockLength
    return {
      profile,
      key: stream.subarray(at, at + 16),
      authKey: stream.subarray(at + 16, at + 36),
      salt: stream.subarray(at + 48, at + 62),
    }
  }
  return { rtp: keysAt(0), rtcp: keysAt(4) }
}
