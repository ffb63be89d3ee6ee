// From what passed on UDP to what lies in the way.
import type { Trouble } from '../../model/check.ts'
import type { FindingOf } from '../check.ts'
import type { UdpProbe } from './ice-probe.ts'

const openUdp =
  'Let UDP from and to the server pass the firewall: one port for each media worker from --udp-port on, or --udp-port-range'

export const udpTroubles = {
  blocked: {
    cause: 'HTTP passes and UDP does not, in neither direction: a firewall on the way drops it.',
    fix: `${openUdp}; where UDP cannot pass at all, give the server a TURN server over TCP: --ice-server turns:host:443.`,
  },
  'blocked-out': {
    cause: 'UDP from the server arrives here, and UDP from here does not arrive there: a firewall drops one direction.',
    fix: `${openUdp}: the input rules of the server, and the output rules of this network.`,
  },
  'blocked-in': {
    cause:
      'UDP from here arrives at the server, and nothing of the server arrives here: a firewall drops one direction.',
    fix: `${openUdp}: the output rules of the server, and the input rules of this network.`,
  },
  'large-lost': {
    cause:
      'Small packets pass and large ones do not: the path has a small MTU (a VPN, PPPoE), and fragments or large packets are dropped.',
    fix: 'Raise the MTU on the way to at least 1280 bytes, and let ICMP "fragmentation needed" pass; `ping -M do -s 1200 <host>` shows it.',
  },
} as const satisfies Record<string, Trouble>

export type UdpFinding = FindingOf<typeof udpTroubles>

export function judgeUdp({ candidates, heard, heardThere }: UdpProbe): UdpFinding {
  const asked = candidates.filter(({ isAsked }) => isAsked)
  if (asked.length === 0) return { status: 'skipped', detail: 'the server names no address that can be had from here' }
  const answered = asked.filter(({ answeredMs }) => answeredMs !== undefined)
  const values = {
    candidates: asked.length,
    answered: answered.length,
    checksHeard: heard,
    ...(heardThere !== undefined && { packetsHeardByServer: heardThere }),
  }
  if (answered.length > 0) {
    const roundTripMs = Math.min(...answered.map(({ answeredMs }) => answeredMs!))
    if (answered.some((one) => one.isLargeAnswered))
      return { status: 'pass', detail: 'passes both ways, small and large', values: { ...values, roundTripMs } }
    return { status: 'fail', trouble: 'large-lost', detail: 'packets of 1200 bytes do not arrive', values }
  }
  const where = asked.map(({ address, port }) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  )
  const unanswered = `no answer from ${where.slice(0, 4).join(', ')}`
  if (heard > 0) return { status: 'fail', trouble: 'blocked-out', detail: `${unanswered}, which reaches us`, values }
  if (heardThere !== undefined && heardThere > 0)
    return { status: 'fail', trouble: 'blocked-in', detail: `${unanswered}, where our packets arrive`, values }
  const unknown = heardThere === undefined ? '; only an operator token tells whether our packets arrive there' : ''
  return { status: 'fail', trouble: 'blocked', detail: `${unanswered}${unknown}`, values }
}
