// TLS: there is some where others reach the server, and no old version or weak cipher is taken.
import { isLoopback } from '../../model/bind.ts'
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { type Answer, type AskOptions, ask } from '../http-ask.ts'

export const tlsCheck = defineCheck({
  name: 'tls',
  group: 'security',
  title: 'TLS versions and ciphers',
  about:
    'https where others reach the server; TLS 1.0 and 1.1, and ciphers without forward secrecy or encryption, are refused',
  where: 'here',
  needs: ['address'],
  deadlineS: 10,
  troubles: {
    plain: {
      cause:
        'The server is reached over http by others: tokens and addresses can be read on the way. Media is encrypted all the same.',
      fix: 'Start it with --tls-cert and --tls-key, or put a proxy with TLS before it (docs/security.md).',
    },
    'old-version': {
      cause: 'A proxy on the way takes TLS 1.0 or 1.1, which RFC 8996 forbids.',
      fix: 'Set ssl_protocols TLSv1.2 TLSv1.3; in the proxy (nginx).',
    },
    'weak-cipher': {
      cause:
        'A proxy on the way takes ciphers that do not encrypt, or whose traffic can be read later with the key of the certificate.',
      fix: 'Set ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; in the proxy (nginx).',
    },
  },
  async run({ server, signal }) {
    const { url } = server!
    const { protocol, hostname } = new URL(url)
    if (protocol === 'http:')
      return isLoopback(hostname)
        ? { status: 'skipped', detail: 'http, and only this machine reaches it' }
        : { status: 'fail', detail: `http://${hostname} is not encrypted`, trouble: 'plain' }
    const { tls } = await ask(`${url}${routes.health}`, { signal, trustAnybody: true })
    const used = { protocol: tls!.protocol ?? '', cipher: tls!.cipher }
    for (const version of ['TLSv1', 'TLSv1.1'] as const)
      if (await isTaken(url, { tlsVersion: version, ciphers: 'ALL:@SECLEVEL=0' }, signal))
        return { status: 'fail', detail: `${version} is taken`, trouble: 'old-version', values: used }
    const weak = await isTaken(url, { tlsVersion: 'TLSv1.2', ciphers: 'aNULL:eNULL:kRSA:3DES:@SECLEVEL=0' }, signal)
    if (weak) return { status: 'fail', detail: `${weak.tls!.cipher} is taken`, trouble: 'weak-cipher', values: used }
    return { status: 'pass', detail: `${used.protocol}, ${used.cipher}`, values: used }
  },
})

/** The answer where such a handshake comes about. */
async function isTaken(
  url: string,
  offer: Pick<AskOptions, 'tlsVersion' | 'ciphers'>,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  try {
    return await ask(`${url}${routes.health}`, { signal, trustAnybody: true, ...offer })
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
