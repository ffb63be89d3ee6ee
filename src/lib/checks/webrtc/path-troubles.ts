// What can be wrong on the way of a stream to its viewer.
import type { Trouble } from '../../model/check.ts'
import { udpTroubles } from '../network/judge-udp.ts'

export const pathTroubles = {
  'no-candidate': {
    cause: 'The STUN or TURN servers gave no candidate of this kind.',
    fix: 'See what `mcpx check-connectivity stun turn` says of each server.',
  },
  refused: {
    cause: 'The server does not open the content, or does not take the offer.',
    fix: 'Do what the message says; `mcpx check-connectivity <cid>` shows how far it comes.',
  },
  ...udpTroubles,
  'no-path': {
    cause:
      'The addresses of both sides do not reach each other, although UDP passes: a NAT or firewall lets only some through.',
    fix: 'Correct --announce-address of the server, or give it a TURN server: --ice-server "turn:host:port?username=…&credential=…".',
  },
  'no-dtls': {
    cause:
      'ICE found a path, and the DTLS handshake over it does not end: its packets are larger, or something changes them.',
    fix: 'Look for a small MTU or a firewall that inspects UDP on the way; `ping -M do -s 1200 <host>` shows the MTU.',
  },
  'no-media': {
    cause: 'The connection stands, and the server sends no media: it cannot read or transcode the content in time.',
    fix: 'Look at the log of the server (`mcpx serve --debug`) for the stream, and at its load.',
  },
  'no-key-frame': {
    cause: 'Packets arrive, and no whole key frame: too many are lost, or the first takes long to be transcoded.',
    fix: 'Ask for a lower quality, or look for loss on the way (`mcpx stream <cid>` shows it).',
  },
  'no-control': {
    cause:
      'Media arrives, and commands on the data channel are not answered: the direction to the server loses packets, or it is overloaded.',
    fix: 'Look at the load of the server, and at loss from here to there (`mcpx stream <cid>` shows it).',
  },
  unsteady: {
    cause: 'The picture freezes: the path is slower than the content, loses packets, or the server is overloaded.',
    fix: 'Ask for a lower quality, and measure with `mcpx stream <cid>`.',
  },
} as const satisfies Record<string, Trouble>

export type PathTrouble = keyof typeof pathTroubles
