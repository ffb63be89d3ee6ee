// Every spelling in which people name content, as one thing: where its root is and the path below it.
import { McpxError } from '../base/errors.ts'
import { cidText, codecs, tryParseCid } from './cid.ts'

export interface Locator {
  readonly namespace: 'ipfs' | 'ipns'
  /** A CID in the spelling that mcpx prints; in `ipns` a key, or the name of a host (DNSLink). */
  readonly root: string
  readonly path: readonly string[]
}

const maxText = 8192
const maxSegments = 128
const hostLabel = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i

/**
 * Reads `<cid>/path`, `ipfs://`, `ipns://`, `/ipfs/…`, `/ipns/…` and gateway URLs in path (`https://host/ipfs/…`) and
 * subdomain (`https://<cid>.ipfs.host/…`) form. Throws INVALID_CID that names the value.
 */
export function parseLocator(text: string): Locator {
  const trimmed = text.trim()
  if (trimmed.length > maxText) throw invalid(`${trimmed.slice(0, 60)}…`, 'is too long')
  const scheme = /^(ipfs|ipns|https?):\/\/+/i.exec(trimmed)
  if (!scheme) return fromPath(trimmed, text)
  const rest = trimmed.slice(scheme[0].length)
  switch (scheme[1]!.toLowerCase()) {
    case 'ipfs':
      return fromNamespace('ipfs', rest.replace(/^ipfs\//, ''), text, true)
    case 'ipns':
      return fromNamespace('ipns', rest.replace(/^ipns\//, ''), text, true)
    default:
      return fromGatewayUrl(trimmed, text)
  }
}

function fromPath(path: string, text: string): Locator {
  const match = /^\/?(ipfs|ipns)\/(.*)$/s.exec(path)
  if (match) return fromNamespace(match[1] as 'ipfs' | 'ipns', match[2]!, text, false)
  return fromNamespace('ipfs', path, text, false)
}

function fromGatewayUrl(url: string, text: string): Locator {
  if (!URL.canParse(url)) throw invalid(text, 'is not a URL')
  const { hostname, pathname } = new URL(url)
  const path = /^\/(ipfs|ipns)\/(.*)$/s.exec(pathname)
  if (path) return fromNamespace(path[1] as 'ipfs' | 'ipns', path[2]!, text, true)
  const subdomain = /^([^.]+)\.(ipfs|ipns)\.(.+)$/.exec(hostname)
  if (!subdomain) throw invalid(text, 'is not a gateway address: it has no /ipfs/, no /ipns/ and no <cid>.ipfs. host')
  const [, label, namespace] = subdomain
  // A subdomain spells the dots of a DNSLink name as "-", and "-" as "--".
  const root =
    namespace === 'ipns' && !tryParseCid(label!) ? label!.replace(/--|-/g, (s) => (s === '-' ? '.' : '-')) : label
  return fromNamespace(namespace as 'ipfs' | 'ipns', `${root}${pathname}`, text, true)
}

function fromNamespace(namespace: 'ipfs' | 'ipns', rest: string, text: string, isUrl: boolean): Locator {
  const encoded = isUrl ? rest.replace(/[?#].*$/s, '') : rest
  const [root = '', ...names] = encoded.split('/')
  return { namespace, root: parseRoot(namespace, root, text), path: parsePath(names, text, isUrl) }
}

function parseRoot(namespace: 'ipfs' | 'ipns', root: string, text: string): string {
  const cid = tryParseCid(root)
  if (namespace === 'ipfs') {
    if (!cid) throw invalid(text, 'holds no CID')
    // A libp2p key is content of nobody, but people paste it without its /ipns/.
    if (cid.code === codecs.libp2pKey) throw invalid(text, `is a key: say /ipns/${root}`)
    return cidText(cid)
  }
  if (cid) return cidText(cid)
  const labels = root.split('.')
  const isKey = /^(?:12D3KooW|16Uiu2)[1-9A-HJ-NP-Za-km-z]{40,50}$/.test(root)
  const isHost = root.length <= 253 && labels.length > 1 && labels.every((label) => hostLabel.test(label))
  if (!isKey && !isHost) throw invalid(text, 'names neither a key nor a host')
  return isKey ? root : root.toLowerCase()
}

/** Names are percent-encoded in URLs and literal in paths, so that what mcpx prints can be given back to it. */
function parsePath(names: readonly string[], text: string, isUrl: boolean): string[] {
  const path = names.filter((name) => name !== '').map((name) => (isUrl ? decodeName(name) : name))
  for (const name of path) {
    if (name === '.' || name === '..') throw invalid(text, `has "${name}" in its path`)
    if (name.includes('/') || name.includes('\0')) throw invalid(text, `has a name that is none: ${name}`)
  }
  if (path.length > maxSegments) throw invalid(text, `has more than ${maxSegments} names in its path`)
  return path
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    // Not percent-encoded: a file name with a % in it.
    return name
  }
}

function invalid(text: string, why: string): McpxError {
  return new McpxError('INVALID_CID', `"${text}" ${why}`)
}
