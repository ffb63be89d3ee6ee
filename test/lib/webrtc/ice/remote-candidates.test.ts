import { describe, expect, it } from 'vitest'
import { maxRemoteCandidates, RemoteCandidates } from '../../../../src/lib/webrtc/ice/remote-candidates.ts'

describe('the addresses that a viewer names', () => {
  it('count once each, up to a bound, and anew after an ICE restart', () => {
    const candidates = new RemoteCandidates(['203.0.113.1'])
    expect(candidates.accepts({ address: '198.51.100.7', port: 5000 })).toBe(true)
    expect(candidates.accepts({ address: '198.51.100.7', port: 5000 })).toBe(false)
    const accepted = Array.from({ length: 100 }, (_, i) =>
      candidates.accepts({ address: '198.51.100.7', port: 6000 + i }),
    )
    expect(accepted.filter(Boolean)).toHaveLength(maxRemoteCandidates - 1)
    candidates.clear()
    expect(candidates.accepts({ address: '198.51.100.7', port: 5000 })).toBe(true)
  })

  it.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    'fe80::1',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '::ffff:169.254.169.254',
  ])('do not include %s, unless the server listens on loopback', (address) => {
    expect(new RemoteCandidates(['203.0.113.1']).accepts({ address, port: 5000 })).toBe(false)
    expect(new RemoteCandidates(['127.0.0.1']).accepts({ address, port: 5000 })).toBe(true)
  })

  it('are literal: a name is not looked up', () => {
    expect(new RemoteCandidates(['203.0.113.1']).accepts({ address: 'victim.example', port: 5000 })).toBe(false)
  })
})
