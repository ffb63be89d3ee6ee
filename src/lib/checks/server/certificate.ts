// The TLS certificate as a browser would see it: dates, name, chain.
import type { DetailedPeerCertificate } from 'node:tls'
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'

const soonDays = 14
const dayMs = 86_400_000

export const certificateCheck = defineCheck({
  name: 'certificate',
  group: 'server',
  title: 'TLS certificate',
  about: 'Chain, host name and expiry of the certificate',
  where: 'here',
  needs: ['address', 'tls'],
  deadlineS: 5,
  troubles: {
    expired: {
      cause: 'Nobody renewed the certificate, or the server was not restarted with the new one.',
      fix: 'Renew it (`certbot renew`) and restart `mcpx serve`, or reload the proxy that does TLS.',
    },
    'not-yet-valid': {
      cause: 'The certificate begins later: the clock here is behind, or it was made with a wrong clock.',
      fix: 'Look at `mcpx check-connectivity clock`, and set the clock: `timedatectl set-ntp true`.',
    },
    'expires-soon': {
      cause: 'The certificate ends within two weeks: automatic renewal should have run by now.',
      fix: 'Renew it (`certbot renew`) and restart `mcpx serve`, or reload the proxy that does TLS.',
    },
    'wrong-name': {
      cause: 'The certificate is for other names than the one in the address.',
      fix: 'Call the server by a name of its certificate, or get one for this name and give it with --tls-cert and --tls-key.',
    },
    'incomplete-chain': {
      cause:
        'The server sends its own certificate without those between it and the root, or the root is a private one.',
      fix: 'Give the whole chain: `mcpx serve --tls-cert fullchain.pem`, not cert.pem; trust a private root here with NODE_EXTRA_CA_CERTS=ca.pem.',
    },
    untrusted: {
      cause:
        'No authority that this machine trusts has signed the certificate: it is self-signed, or of a private authority.',
      fix: 'Get one of a public authority, or trust the private one here: NODE_EXTRA_CA_CERTS=ca.pem mcpx check-connectivity.',
    },
  },
  async run({ server, clock, signal }) {
    const { tls } = await ask(`${server!.url}${routes.health}`, { signal, trustAnybody: true })
    const { certificate, authorizationError } = tls!
    const untilMs = Date.parse(certificate.valid_to)
    const days = Math.floor((untilMs - clock.wallMs()) / dayMs)
    const values = { daysLeft: days, validTo: new Date(untilMs).toISOString() }
    const fail = (trouble: TroubleName, detail: string) => ({ status: 'fail', trouble, detail, values }) as const
    if (untilMs < clock.wallMs()) return fail('expired', `it ended on ${values.validTo.slice(0, 10)}`)
    if (Date.parse(certificate.valid_from) > clock.wallMs())
      return fail('not-yet-valid', `it begins on ${new Date(certificate.valid_from).toISOString().slice(0, 10)}`)
    if (authorizationError !== undefined)
      return fail(troubleOf(authorizationError), wordsOf(certificate, authorizationError))
    if (days < soonDays) return { status: 'warn', detail: `it ends in ${days} days`, trouble: 'expires-soon', values }
    return { status: 'pass', detail: `trusted, ${days} days left`, values }
  },
})

type TroubleName = 'expired' | 'not-yet-valid' | 'wrong-name' | 'incomplete-chain' | 'untrusted'

/** Codes of OpenSSL and Node. */
function troubleOf(code: string): TroubleName {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') return 'wrong-name'
  if (code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') return 'incomplete-chain'
  return 'untrusted'
}

function wordsOf({ subjectaltname, subject }: DetailedPeerCertificate, code: string): string {
  const names = (subjectaltname ?? String(subject?.CN ?? '')).slice(0, 200)
  return `${code}${names ? `; it is for ${names}` : ''}`
}
