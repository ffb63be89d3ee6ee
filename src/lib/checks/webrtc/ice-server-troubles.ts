// What can be wrong with a STUN or TURN server, seen from here.
import type { Trouble } from '../../model/check.ts'

const linkTroubles = {
  unresolved: {
    cause: 'The name of the server leads to no address from here.',
    fix: 'Correct the host in --ice-server, or ask for it with `getent hosts <host>`.',
  },
  refused: {
    cause: 'The machine is there, and nothing listens at this port.',
    fix: 'Start the STUN or TURN server, or correct the port in --ice-server (3478; 5349 for turns:).',
  },
  unreachable: {
    cause: 'No route leads there, or the connection was cut.',
    fix: 'Look at the route and the firewall between here and there, or correct the host in --ice-server.',
  },
  certificate: {
    cause:
      'The certificate of the turns: or stuns: server is expired, self-signed, or of another name; browsers refuse it too.',
    fix: 'Give the server a certificate that is valid for the host in --ice-server (`cert` and `pkey` in turnserver.conf).',
  },
  'no-answer': {
    cause: 'Nothing came back: a firewall on the way drops UDP (or this port), or the server is down.',
    fix: 'Open the port for UDP in the firewall; where only TCP passes, use turn:host:port?transport=tcp or turns:host:443.',
  },
  'not-stun': {
    cause: 'Something answers at this port that is no STUN or TURN server.',
    fix: 'Correct the port or the scheme (turn: or turns:) in --ice-server.',
  },
  malformed: {
    cause: 'The address is none of RFC 7064 and RFC 7065.',
    fix: 'Write it as stun:host:port, turn:host:port?transport=udp or turns:host:port in --ice-server.',
  },
} as const satisfies Record<string, Trouble>

export const stunTroubles = {
  ...linkTroubles,
  refuses: {
    cause: 'The server answers a binding request with an error.',
    fix: 'Look at the log of the STUN server; use another one with --ice-server.',
  },
} as const satisfies Record<string, Trouble>

export const turnTroubles = {
  ...linkTroubles,
  'wrong-credentials': {
    cause: 'User name or credential are wrong, or have expired (those made from a shared secret hold for a time).',
    fix: 'Correct username= and credential= in --ice-server, and start the server again.',
  },
  quota: {
    cause: 'The server gives no more allocations to this user (486) or to anybody (508).',
    fix: 'Raise `user-quota` and `total-quota` in turnserver.conf, or widen `min-port` to `max-port`.',
  },
  refuses: {
    cause: 'The server refuses to allocate a relay.',
    fix: 'Look at the log of the TURN server for the code; use another one with --ice-server.',
  },
  'open-to-all': {
    cause: 'The server relays for whoever comes, without credentials: others can send by it in its name.',
    fix: 'Put `lt-cred-mech` (or `use-auth-secret`) into turnserver.conf, and take `no-auth` out.',
  },
  'peer-refused': {
    cause:
      'The server refuses to relay to the address that it sees us at (denied peers; loopback and private ones often are).',
    fix: 'Where viewers or servers have such addresses, allow them: `allowed-peer-ip` in turnserver.conf. Otherwise check from elsewhere.',
  },
  'never-relays': {
    cause:
      'It allocates and permits, and then relays nothing: its relay ports are closed by a firewall, or its `external-ip` is wrong.',
    fix: 'Open the UDP ports `min-port` to `max-port` of the TURN server (49152-65535), and set its `external-ip`.',
  },
  'one-way': {
    cause: 'It relays in one direction only: a firewall lets its relay ports send, or receive, but not both.',
    fix: 'Open the UDP ports `min-port` to `max-port` of the TURN server in both directions.',
  },
} as const satisfies Record<string, Trouble>

export type StunTrouble = keyof typeof stunTroubles
export type TurnTrouble = keyof typeof turnTroubles
