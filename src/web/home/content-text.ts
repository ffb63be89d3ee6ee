// What people paste into the box → the content as the player's address spells it.

/** CIDv0 (base58btc of a sha2-256 multihash), or CIDv1 in one of its usual bases. The server checks the rest. */
const cid =
  /^(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{20,}|B[A-Z2-7]{20,}|z[1-9A-HJ-NP-Za-km-z]{20,}|f[0-9a-f]{20,}|k[0-9a-z]{20,})$/

type ContentText = { readonly content: string } | { readonly problem: string }

const decode = (name: string): string => {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

const isCid = (text: string | undefined): text is string => text !== undefined && cid.test(text)

function fromParts(namespace: string, parts: readonly string[], isUrl: boolean): ContentText {
  const names = parts.filter((part) => part !== '').map((part) => (isUrl ? decode(part) : part))
  if (names.some((name) => name === '.' || name === '..')) return { problem: 'The path may not hold "." or "..".' }
  if (namespace === 'ipns' && names.length > 0) return { content: `ipns/${names.join('/')}` }
  if (!isCid(names[0])) return { problem: 'That holds no CID. A CID begins with bafy or Qm.' }
  return { content: names.join('/') }
}

function fromUrl(text: string): ContentText {
  if (!URL.canParse(text)) return { problem: 'That is no complete address.' }
  const { hostname, pathname } = new URL(text)
  const path = /\/(ipfs|ipns|player|whep)\/(.+)$/.exec(pathname)
  if (path) return fromParts(path[1]!, path[2]!.split('/'), true)
  const [label, namespace] = hostname.split('.')
  if (namespace === 'ipfs') return fromParts('ipfs', [label!, ...pathname.split('/')], true)
  if (namespace === 'ipns') {
    // A subdomain spells the dots of a name as "-", and "-" as "--".
    const name = isCid(label) ? label : label!.replace(/--|-/g, (found) => (found === '-' ? '.' : '-'))
    return fromParts('ipns', [name, ...pathname.split('/')], true)
  }
  return {
    problem:
      'That address names no CID. For a file elsewhere on the web: download it and drop it here, or use mcpx stream <url>.',
  }
}

/**
 * Understands a CID with or without a path, `ipfs://`, `ipns://`, `/ipfs/…`, `/ipns/…`, gateway addresses in path and
 * subdomain form, and addresses of our own player.
 */
export function readContentText(text: string): ContentText {
  const trimmed = text.trim().replace(/^["'<]+|["'>]+$/g, '')
  if (trimmed === '') return { problem: 'Paste a CID or an address first.' }
  if (trimmed.length > 4096) return { problem: 'That is too long.' }
  const scheme = /^(ipfs|ipns):\/*(.*)$/is.exec(trimmed)
  if (scheme) {
    const rest = scheme[2]!.replace(/[?#].*$/s, '').replace(/^(?:ipfs|ipns)\//i, '')
    return fromParts(scheme[1]!.toLowerCase(), rest.split('/'), true)
  }
  if (/^https?:/i.test(trimmed)) return fromUrl(trimmed)
  const path = /^\/?(ipfs|ipns)\/(.+)$/s.exec(trimmed)
  if (path) return fromParts(path[1]!, path[2]!.split('/'), false)
  if (/^[\w-]+\.ipfs\.|\/ipfs\//.test(trimmed)) return fromUrl(`https://${trimmed}`)
  return fromParts('ipfs', trimmed.split('/'), false)
}
