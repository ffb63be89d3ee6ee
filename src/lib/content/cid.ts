// Content identifiers as text and bytes: every multibase is read, one canonical spelling is written.
import { bases } from 'multiformats/basics'
import { CID } from 'multiformats/cid'
import { McpxError } from '../base/errors.ts'

export { CID } from 'multiformats/cid'

/** Longer than the base2 spelling of any CID that is in use. */
const maxCidText = 1024

type Decoder = (typeof bases)[keyof typeof bases]['decoder']
const decoders = new Map<string, Decoder>(Object.values(bases).map((base) => [base.prefix, base.decoder]))

/** Codes of the multicodec table for the blocks that can be walked. */
export const codecs = { raw: 0x55, dagPb: 0x70, libp2pKey: 0x72 } as const

/** How people name the codes of the multicodec table that are met. */
const codeNames: Readonly<Record<number, string>> = {
  [codecs.raw]: 'raw',
  [codecs.dagPb]: 'dag-pb',
  [codecs.libp2pKey]: 'libp2p-key',
  18: 'sha2-256',
}
const nameOf = (code: number): string => codeNames[code] ?? `0x${code.toString(16)}`

/** `CIDv1, raw, sha2-256`. */
export const describeCid = (cid: CID): string =>
  `CIDv${cid.version}, ${nameOf(cid.code)}, ${nameOf(cid.multihash.code)}`

/** CIDv0 and v1 in any multibase; throws INVALID_CID that names the value. */
export function parseCid(text: string): CID {
  if (text.length > maxCidText) throw invalid(`${text.slice(0, 60)}…`)
  try {
    const prefix = String.fromCodePoint(text.codePointAt(0) ?? 0)
    const decoder = prefix === 'Q' || prefix === '1' ? undefined : decoders.get(prefix)
    return decoder ? CID.parse(text, decoder as never) : CID.parse(text)
  } catch (error) {
    throw invalid(text, error)
  }
}

/** The same, or undefined where it is no CID. */
export function tryParseCid(text: string): CID | undefined {
  try {
    return parseCid(text)
  } catch {
    return undefined
  }
}

/** The spelling that mcpx prints: base58 for v0, base32 for v1. */
export function cidText(cid: CID): string {
  return cid.version === 0 ? cid.toString() : cid.toString(bases.base32)
}

function invalid(text: string, cause?: unknown): McpxError {
  return new McpxError('INVALID_CID', `"${text}" is not a valid CID`, { cause })
}
