// IPNS names to CIDs: signed records from gateways, DNSLink from the DNS.
import { resolveTxt } from 'node:dns/promises'
import { base58btc } from 'multiformats/bases/base58'
import * as Digest from 'multiformats/hashes/digest'
import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { McpxError } from '../base/errors.ts'
import { CID, codecs, parseCid, tryParseCid } from './cid.ts'
import type { ResolveName } from './content-reader.ts'
import type { Gateway } from './gateway.ts'
import { type Locator, parseLocator } from './locator.ts'

interface NameResolverOptions {
  readonly gateways: readonly Gateway[]
  readonly offline: boolean
  readonly clock: Clock
  readonly timeoutMs: number
  /** Of node:dns; an argument for tests. */
  readonly resolveTxt?: (host: string) => Promise<string[][]>
}

/** Names may point to names; the specification asks for a bound. */
const maxSteps = 8

/** Resolves without a daemon. CONTENT_NOT_FOUND when no source knows the name, CONTENT_CORRUPT for a forged record. */
export function createNameResolver(options: NameResolverOptions): ResolveName {
  const { gateways, clock, timeoutMs } = options

  async function step(name: string, signal: AbortSignal): Promise<string> {
    const key = keyOf(name)
    return key ? fromRecord(key, name, gateways, signal) : fromDns(name, options)
  }

  async function follow(name: string, signal: AbortSignal) {
    let locator: Locator = { namespace: 'ipns', root: name, path: [] }
    for (let steps = 0; steps < maxSteps; steps++) {
      if (locator.namespace === 'ipfs') return { root: parseCid(locator.root), path: locator.path }
      const target: Locator = parseLocator(await step(locator.root, signal))
      locator = { ...target, path: [...target.path, ...locator.path] }
    }
    throw new McpxError('CONTENT_NOT_FOUND', `/ipns/${name} leads from name to name more than ${maxSteps} times`)
  }

  return (name, signal) => {
    if (options.offline)
      throw new McpxError('CONTENT_NOT_FOUND', `/ipns/${name} cannot be resolved offline and without a daemon`)
    const late = () => new McpxError('CONTENT_TIMEOUT', `/ipns/${name} was not resolved within ${timeoutMs / 1000} s`)
    return withDeadline(clock, timeoutMs, signal, (within) => follow(name, within), late)
  }
}

/** The CID of a key in any spelling (base36 CID, `k51…`, `12D3Koo…`); undefined for the name of a host. */
function keyOf(name: string): CID | undefined {
  const cid = tryParseCid(name)
  if (cid) return CID.createV1(codecs.libp2pKey, cid.multihash)
  if (name.includes('.')) return undefined
  return CID.createV1(codecs.libp2pKey, Digest.decode(base58btc.decode(`z${name}`)))
}

async function fromRecord(key: CID, name: string, gateways: readonly Gateway[], signal: AbortSignal): Promise<string> {
  // Loaded at the first name: it costs a server's start 0.1 s, and most never meet one.
  const [ipns, { ipnsValidator }] = await Promise.all([import('ipns'), import('ipns/validator')])
  const failures: string[] = []
  let isForged = false
  for (const gateway of gateways) {
    try {
      const record = await gateway.fetchRecord(key.toString(), signal)
      if (record) {
        await ipnsValidator(ipns.multihashToIPNSRoutingKey(key.multihash as never), record).catch((error) => {
          isForged = true
          throw error
        })
        return ipns.unmarshalIPNSRecord(record).value
      }
      failures.push(`${gateway.name}: does not have it`)
    } catch (error) {
      signal.throwIfAborted()
      failures.push(`${gateway.name}: ${(error as Error).message}`)
    }
  }
  const said = failures.join('; ') || 'nobody to ask'
  throw new McpxError(isForged ? 'CONTENT_CORRUPT' : 'CONTENT_NOT_FOUND', `/ipns/${name} has no valid record (${said})`)
}

/** DNSLink (https://dnslink.dev): a TXT record `dnslink=/ipfs/…` at `_dnslink.<host>`. */
async function fromDns(host: string, options: NameResolverOptions): Promise<string> {
  const lookup = options.resolveTxt ?? resolveTxt
  const records = await lookup(`_dnslink.${host}`).catch((error: NodeJS.ErrnoException) => {
    throw new McpxError('CONTENT_NOT_FOUND', `${host} has no DNSLink (${error.code})`, { cause: error })
  })
  const links = records.map((parts) => parts.join('')).filter((text) => text.startsWith('dnslink=/'))
  const [link] = links.sort()
  if (!link) throw new McpxError('CONTENT_NOT_FOUND', `${host} has no DNSLink`)
  return link.slice('dnslink='.length)
}
