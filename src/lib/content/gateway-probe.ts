// One block of one gateway, and what came: for who wants to know how a gateway is, not what is in the block.
import { toMcpxError } from '../base/errors.ts'
import { matches, requireKnownHash } from './block-hash.ts'
import { parseCid } from './cid.ts'
import { createGateway } from './gateway.ts'

/** The UnixFS directory without entries: 4 bytes that every IPFS node has. */
export const emptyDirectory = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'

export type GatewayAnswer =
  | { readonly kind: 'verified' | 'wrong' | 'page'; readonly sizeBytes: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string }

/** `content`: a CID, with what may stand before and after it; its root is asked for. Throws INVALID_CID. */
export async function askGateway(address: string, content: string, signal: AbortSignal): Promise<GatewayAnswer> {
  const cid = parseCid(content.replace(/^(?:ipfs:\/\/|\/ipfs\/)/, '').split('/')[0]!)
  requireKnownHash(cid)
  try {
    const bytes = await createGateway(address).fetch(cid, signal)
    if (!bytes) return { kind: 'absent' }
    if (matches(cid, bytes)) return { kind: 'verified', sizeBytes: bytes.length }
    return { kind: isPage(bytes) ? 'page' : 'wrong', sizeBytes: bytes.length }
  } catch (error) {
    if (signal.aborted) return { kind: 'failed', reason: 'no answer in time' }
    return { kind: 'failed', reason: error instanceof Error ? error.message : toMcpxError(error).message }
  }
}

const isPage = (bytes: Uint8Array): boolean =>
  /^\s*(?:<!doctype html|<html|<\?xml|\{)/i.test(Buffer.from(bytes.subarray(0, 200)).toString('latin1'))
