// Whether bytes are the block that a CID names: the one check between any source and any reader.
import { createHash, hash, timingSafeEqual } from 'node:crypto'
import { McpxError } from '../base/errors.ts'
import { type CID, cidText } from './cid.ts'

/** Bitswap carries 2 MiB; anything larger than this is refused from every source. */
export const maxBlockBytes = 4 * 2 ** 20

const identity = 0x00
const sha2x256 = 0x12

/** Multihash code → name of the hash in OpenSSL. Only hashes that resist collisions: SHA-1 is not one. */
const algorithms: Readonly<Record<number, string>> = {
  18: 'sha256',
  19: 'sha512',
  20: 'sha3-512',
  21: 'sha3-384',
  22: 'sha3-256',
  45632: 'blake2b512',
  45664: 'blake2s256',
}

/** The bytes that an identity CID carries in itself; undefined for every other hash. */
export function inlineBytes(cid: CID): Uint8Array | undefined {
  return cid.multihash.code === identity ? cid.multihash.digest : undefined
}

/** Throws INVALID_CID for a hash that cannot be verified here: such a block could never be trusted. */
export function requireKnownHash(cid: CID): void {
  const { code, digest } = cid.multihash
  if (code === identity) return
  const name = algorithms[code]
  if (name === undefined)
    throw new McpxError('INVALID_CID', `${cidText(cid)} uses the hash 0x${code.toString(16)}, which cannot be verified`)
  if (digest.length !== digestLength(name))
    throw new McpxError('INVALID_CID', `${cidText(cid)} has a truncated hash of ${digest.length} bytes`)
}

/** Whether the bytes hash to the CID. Costs 0.6 ms a MB with SHA2-256. */
export function matches(cid: CID, bytes: Uint8Array): boolean {
  const { code, digest } = cid.multihash
  if (code === identity) return equal(digest, bytes)
  const name = algorithms[code]
  if (name === undefined) return false
  return equal(digest, code === sha2x256 ? hash('sha256', bytes, 'buffer') : createHash(name).update(bytes).digest())
}

const lengths = new Map<string, number>()

function digestLength(name: string): number {
  let length = lengths.get(name)
  if (length === undefined) {
    length = createHash(name).digest().length
    lengths.set(name, length)
  }
  return length
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
