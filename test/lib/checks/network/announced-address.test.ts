import { describe, expect, it, onTestFinished } from 'vitest'
import { announcedAddressCheck, judgeAddresses } from '../../../../src/lib/checks/network/announced-address.ts'
import type { ProbedCandidate } from '../../../../src/lib/checks/network/ice-check-sender.ts'
import { candidatesIn, keepCandidates, replaceCandidates } from '../../../../src/lib/checks/webrtc/candidates.ts'
import { runCheck } from '../../../support/checks.ts'
import { startWhepServer } from '../../../support/whep-server.ts'

it('says of each address whether it answers', async () => {
  const server = await startWhepServer({ frames: 1000 })
  onTestFinished(() => server.stop())
  const found = await runCheck(announcedAddressCheck, { url: server.url, content: 'bafy' })
  expect(found).toMatchObject([{ status: 'pass', subject: expect.stringMatching(/^127\.0\.0\.1:\d+$/) }])
})

it('finds an announced address that is not the server', async () => {
  const server = await startWhepServer({ frames: 1000, announceAddresses: ['127.0.0.1', '127.0.0.99'] })
  onTestFinished(() => server.stop())
  const found = await runCheck(announcedAddressCheck, { url: server.url, content: 'bafy' })
  expect(found).toMatchObject([{ status: 'pass' }, { status: 'warn', trouble: 'no-answer' }])
  const lost = await startWhepServer({ frames: 1000, announceAddresses: ['127.0.0.99'] })
  onTestFinished(() => lost.stop())
  const lostFound = await runCheck(announcedAddressCheck, { url: lost.url, content: 'bafy' })
  expect(lostFound).toMatchObject([{ status: 'fail', trouble: 'no-answer' }])
})

describe('addresses that a viewer elsewhere cannot have', () => {
  const candidate = (address: string): ProbedCandidate => ({
    type: 'host',
    address,
    port: 4000,
    isAsked: false,
    isLargeAnswered: false,
  })
  const at = (address: string) => ({ address, kind: 'public', isHere: false }) as const

  it.each([
    ['none', [], at('203.0.113.1')],
    ['loopback-only', [candidate('127.0.0.1'), candidate('::1')], at('203.0.113.1')],
    ['loopback-only', [candidate('127.0.0.1')], { address: '10.0.0.1', kind: 'private', isHere: false }],
    ['private-only', [candidate('10.0.0.1'), candidate('fd00::1'), candidate('127.0.0.1')], at('203.0.113.1')],
  ] as const)('%s', (trouble, candidates, place) => {
    expect(judgeAddresses({ place, candidates, heard: 0 })).toMatchObject({ status: 'fail', trouble })
  })

  it('are fine for one in the same network', () => {
    const place = { address: '10.0.0.1', kind: 'private', isHere: false } as const
    const candidates = [{ ...candidate('10.0.0.1'), isAsked: true, answeredMs: 1 }]
    expect(judgeAddresses({ place, candidates, heard: 0 })).toMatchObject([{ status: 'pass' }])
  })
})

describe('candidates of a description', () => {
  const sdp = [
    'v=0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=candidate:1 1 udp 2130706431 10.0.0.1 4000 typ host',
    'a=candidate:2 1 udp 1694498815 203.0.113.1 4000 typ srflx raddr 10.0.0.1 rport 4000',
    'a=candidate:3 1 udp 16777215 203.0.113.2 5000 typ relay raddr 0.0.0.0 rport 0',
    'a=end-of-candidates',
    '',
  ].join('\r\n')

  it('are kept by their type, and replaced', () => {
    expect(candidatesIn(sdp).map(({ type }) => type)).toEqual(['host', 'srflx', 'relay'])
    expect(candidatesIn(keepCandidates(sdp, ['srflx']))).toEqual([
      { type: 'srflx', address: '203.0.113.1', port: 4000 },
    ])
    const other = 'candidate:9 1 udp 1 192.0.2.1 6000 typ host'
    expect(candidatesIn(replaceCandidates(sdp, [other]))).toEqual([{ type: 'host', address: '192.0.2.1', port: 6000 }])
    expect(replaceCandidates(sdp, [other])).toContain(`a=${other}\r\na=end-of-candidates`)
  })
})
