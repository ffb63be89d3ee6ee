// A trustless gateway (https://specs.ipfs.tech/http-gateways/trustless-gateway/): raw blocks and IPNS records over HTTP.
import { McpxError } from '../base/errors.ts'
import { withoutCredentials } from '../base/without-credentials.ts'
import { maxBlockBytes } from './block-hash.ts'
import type { BlockSource } from './block-sources.ts'
import { cidText } from './cid.ts'
import { readBody } from './http-body.ts'

export interface Gateway extends BlockSource {
  /** The signed record of an IPNS key, not verified; undefined when the gateway has none. */
  fetchRecord(name: string, signal: AbortSignal): Promise<Uint8Array | undefined>
}

/** The limit of the specification of IPNS records. */
const maxRecordBytes = 10 * 1024
const maxRedirects = 3

/** A gateway by its address. Throws INVALID_OPTION for what is no http(s) URL. */
export function createGateway(address: string): Gateway {
  const base = parseAddress(address)

  async function get(path: string, accept: string, maxBytes: number, signal: AbortSignal) {
    let url = new URL(`${base.pathname.replace(/\/+$/, '')}${path}`, base)
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await request(url, accept, signal)
      const location = response.headers.get('location')
      if (response.status < 300 || response.status >= 400 || location === null) return body(response, maxBytes)
      await response.body?.cancel()
      url = new URL(location, url)
      if (!isWithin(url, base)) throw new Error(`redirected to ${url.host}, which is not the gateway`)
    }
    throw new Error('redirected too often')
  }

  return {
    name: `gateway:${base.host}`,
    fetch: (cid, signal) => get(`/ipfs/${cidText(cid)}?format=raw`, 'application/vnd.ipld.raw', maxBlockBytes, signal),
    fetchRecord: (name, signal) =>
      get(`/ipns/${name}?format=ipns-record`, 'application/vnd.ipfs.ipns-record', maxRecordBytes, signal),
  }
}

function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url && (url.username || url.password))
    throw new McpxError(
      'INVALID_OPTION',
      `"${withoutCredentials(address)}" is a gateway address only without user name and password`,
    )
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
    throw new McpxError(
      'INVALID_OPTION',
      `"${withoutCredentials(address)}" is not a gateway address, such as https://example.org`,
    )
  return url
}

/** A gateway may send us to its own subdomain, never elsewhere: what it says must not choose whom we talk to. */
function isWithin(url: URL, base: URL): boolean {
  const isOwnHost = url.hostname === base.hostname || url.hostname.endsWith(`.${base.hostname}`)
  return isOwnHost && url.port === base.port && url.protocol === base.protocol
}

async function request(url: URL, accept: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { headers: { accept }, redirect: 'manual', signal })
  } catch (error) {
    signal.throwIfAborted()
    const cause = (error as { cause?: { code?: string; message?: string } }).cause
    throw new Error(`cannot be reached (${cause?.code ?? cause?.message ?? (error as Error).message})`, {
      cause: error,
    })
  }
}

/** The body up to a bound; undefined when the gateway says that it has none. */
async function body(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  if (response.status !== 200) {
    await response.body?.cancel()
    if (response.status === 404 || response.status === 410) return undefined
    throw new Error(`answered ${response.status}`)
  }
  return readBody(response, maxBytes)
}
