// What a check may need, and why it is skipped where that is not there.
import type { CheckContext } from './context.ts'

/** All that is known before a check runs. */
type Known = Omit<CheckContext, 'signal'>

interface Need {
  /** For the docs: "needs …". */
  readonly title: string
  /** The reason to skip, or undefined when it is there. */
  missing(context: Known): string | undefined
}

const namedServer = ({ server }: Known) => (server ? undefined : 'no server runs here and none is named: --server')

const reachedServer = (known: Known) =>
  namedServer(known) ?? (known.server!.state === 'unreachable' ? unreached(known.server!.reason) : undefined)

const unreached = (reason?: string) => `the server cannot be reached${reason === undefined ? '' : ` (${reason})`}`

const trustedServer = (known: Known) =>
  reachedServer(known) ?? (known.server!.state === 'untrusted' ? 'its certificate is not trusted' : undefined)

export const checkNeeds = {
  /** Something answers at its address, whatever its certificate is. */
  address: { title: 'a server that answers', missing: reachedServer },
  server: { title: 'a server that answers, with a certificate that is trusted', missing: trustedServer },
  access: {
    title: 'a server that lets this command in',
    missing: (known) =>
      trustedServer(known) ??
      (known.server!.access === 'granted' ? undefined : 'the server does not let us in: --token'),
  },
  content: {
    title: "content: a CID, or the server's sample",
    missing: ({ content }) => (content ? undefined : 'no content: name a CID, or start the server with --sample'),
  },
  tls: {
    title: 'a server with https',
    missing: (known) =>
      namedServer(known) ?? (known.server!.url.startsWith('https:') ? undefined : 'the address is http'),
  },
  token: {
    title: 'a token',
    missing: ({ server }) => (server?.token ? undefined : 'no token was given'),
  },
  inside: {
    title: "the server's own process",
    missing: ({ inside }) => (inside ? undefined : 'only a server can tell, and it was not asked'),
  },
  kubo: {
    title: 'a Kubo daemon: --ipfs-api',
    missing: ({ settings }) => (settings.ipfsApi ? undefined : 'no --ipfs-api'),
  },
  gateways: {
    title: 'a gateway: --gateway, without --offline',
    missing: ({ settings }) =>
      settings.offline ? 'off with --offline' : settings.gateways.length > 0 ? undefined : 'no --gateway',
  },
  iceServers: {
    title: 'a STUN or TURN server: --ice-server',
    missing: ({ settings }) => (settings.iceServers.length > 0 ? undefined : 'no --ice-server'),
  },
  announceAddress: {
    title: 'an announced address: --announce-address',
    missing: ({ settings }) => (settings.announceAddresses.length > 0 ? undefined : 'no --announce-address'),
  },
} as const satisfies Record<string, Need>

export type CheckNeed = keyof typeof checkNeeds
