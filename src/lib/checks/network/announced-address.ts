// The addresses that the server tells its viewers: whether they can be had from here, and answer.
import { defineCheck, type FindingOf } from '../check.ts'
import { addressKind } from './addresses.ts'
import type { UdpProbe } from './ice-probe.ts'

const troubles = {
  none: {
    cause: 'The answer of the server names no address at all: no --announce-address is of the family of its sockets.',
    fix: 'Give --announce-address an address of the family (IPv4 or IPv6) on which the server listens.',
  },
  'loopback-only': {
    cause:
      'The server tells viewers elsewhere 127.0.0.1: it listens on loopback, behind a proxy that forwards HTTP alone.',
    fix: 'Start it with --host 0.0.0.0 (and MCPX_TOKEN), or with --announce-address <its public address>.',
  },
  'private-only': {
    cause:
      'The server is reached at a public address, and tells viewers private ones: it is behind a NAT or in a container.',
    fix: 'Start it with --announce-address <its public address>, and forward its UDP ports (--udp-port), or use --ice-server turn:….',
  },
  'no-answer': {
    cause:
      "An address that viewers are told does not answer: it is not the server's, is not forwarded to it, or a firewall drops UDP.",
    fix: 'Correct --announce-address, and forward UDP of its ports (--udp-port) to the server.',
  },
} as const

export const announcedAddressCheck = defineCheck({
  name: 'announced-address',
  group: 'network',
  title: 'Addresses told to viewers',
  about:
    'The addresses in the answer of the server (--announce-address, or its own): fit for a viewer where this runs, and answering',
  where: 'here',
  needs: ['access', 'content'],
  deadlineS: 20,
  troubles,
  async run({ server, content, clock, signal }) {
    const { probeUdp } = await import('./ice-probe.ts')
    return judgeAddresses(await probeUdp({ api: server!.api, url: server!.url, content: content!, clock, signal }))
  },
})

type Found = FindingOf<typeof troubles>

export function judgeAddresses({ place, candidates }: UdpProbe): Found | readonly Found[] {
  const direct = candidates.filter(({ type }) => type !== 'relay')
  const named = [...new Set(direct.map(({ address }) => address))].join(', ')
  if (direct.length === 0)
    return { status: 'fail', trouble: 'none', detail: 'the answer names no address of the server' }
  if (place && !place.isHere) {
    const kinds = new Set(direct.map(({ address }) => addressKind(address)))
    if (kinds.size === 1 && kinds.has('loopback'))
      return { status: 'fail', trouble: 'loopback-only', detail: `told: ${named}; HTTP is at ${place.address}` }
    if (place.kind === 'public' && !kinds.has('public'))
      return { status: 'fail', trouble: 'private-only', detail: `told: ${named}; HTTP is at ${place.address}` }
  }
  const isAnswered = direct.some(({ answeredMs }) => answeredMs !== undefined)
  return direct
    .filter(({ isAsked }) => isAsked)
    .map(({ address, port, type, answeredMs }): Found => {
      const subject = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
      if (answeredMs !== undefined)
        return { status: 'pass', subject, detail: `answers (${type})`, values: { type, roundTripMs: answeredMs } }
      // With another that answers a viewer loses time only.
      return {
        status: isAnswered ? 'warn' : 'fail',
        subject,
        trouble: 'no-answer',
        detail: `does not answer (${type})`,
      }
    })
}
