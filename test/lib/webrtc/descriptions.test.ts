import { expect, it } from 'vitest'
import { Descriptions } from '../../../src/lib/webrtc/descriptions.ts'

it('describes one session, each time with the next version and what has been found by then', () => {
  const descriptions = new Descriptions(77)
  const local = { ufrag: 'abcd', password: 'secret', fingerprint: 'sha-256 AB' }
  const data = { kind: 'application', mid: '0', protocol: 'UDP/DTLS/SCTP', sctpPort: 5000, maxMessageSize: 1 } as const
  const candidate = 'candidate:1 1 udp 1 127.0.0.1 9 typ host'
  const first = descriptions.write({ local, candidates: [], isGathered: false }, 'actpass', [data])
  const second = descriptions.write({ local, candidates: [candidate], isGathered: true }, 'active', [data])
  const lines = (sdp: string) => sdp.split('\r\n').filter((line) => /^(o=|a=setup|a=candidate|a=end)/.test(line))
  expect(lines(first)).toEqual(['o=- 77 1 IN IP4 0.0.0.0', 'a=setup:actpass'])
  expect(lines(second).toSorted()).toEqual(
    ['a=end-of-candidates', `a=${candidate}`, 'a=setup:active', 'o=- 77 2 IN IP4 0.0.0.0'].toSorted(),
  )
})
