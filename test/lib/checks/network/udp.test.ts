import { describe, expect, it, onTestFinished } from 'vitest'
import { placeOf } from '../../../../src/lib/checks/network/addresses.ts'
import type { UdpProbe } from '../../../../src/lib/checks/network/ice-probe.ts'
import { judgeUdp } from '../../../../src/lib/checks/network/judge-udp.ts'
import { udpCheck } from '../../../../src/lib/checks/network/udp.ts'
import { runOne } from '../../../support/checks.ts'
import { startWhepServer } from '../../../support/whep-server.ts'

it('passes where both ways are open, and leaves no stream behind', async () => {
  const server = await startWhepServer({ frames: 1000 })
  onTestFinished(() => server.stop())
  const found = await runOne(udpCheck, { url: server.url, content: 'bafy' })
  expect(found).toMatchObject({ status: 'pass', values: { candidates: 1, answered: 1 } })
  expect(found.values!.roundTripMs).toBeGreaterThan(0)
  expect(found.values!.checksHeard).toBeGreaterThan(0)
  expect(server.openPeers()).toBe(0)
})

it('fails as the server does where it refuses the content', async () => {
  const body = { success: false, error: 'nobody has it', code: 'CONTENT_NOT_FOUND', hint: 'add it' }
  const server = await startWhepServer({ frames: 1, refuse: { status: 404, body } })
  onTestFinished(() => server.stop())
  const found = await runOne(udpCheck, { url: server.url, content: 'bafy' })
  expect(found).toMatchObject({ status: 'fail', detail: 'nobody has it', fix: 'add it' })
})

describe('what passed tells what lies in the way', () => {
  const silent = { type: 'host', address: '192.0.2.1', port: 9, isAsked: true, isLargeAnswered: false } as const
  const probe = (more: Partial<UdpProbe>): UdpProbe => ({ place: undefined, candidates: [silent], heard: 0, ...more })

  it.each([
    ['blocked', probe({})],
    ['blocked', probe({ heardThere: 0 })],
    ['blocked-out', probe({ heard: 3 })],
    ['blocked-in', probe({ heardThere: 4 })],
    ['large-lost', probe({ heard: 3, candidates: [silent, { ...silent, port: 10, answeredMs: 2 }] })],
  ])('%s', (trouble, given) => {
    expect(judgeUdp(given)).toMatchObject({ status: 'fail', trouble })
  })

  it('knows when there was nothing to ask', () => {
    const loopback = { ...silent, address: '127.0.0.1', isAsked: false }
    expect(judgeUdp(probe({ candidates: [loopback] }))).toMatchObject({ status: 'skipped' })
  })
})

it('knows a server of this machine from one elsewhere', async () => {
  const own = { eth0: [{ address: '10.9.8.7', family: 'IPv4', internal: false }] } as never
  expect(await placeOf('http://127.0.0.1:8000', own)).toMatchObject({ kind: 'loopback', isHere: true })
  expect(await placeOf('http://[::1]:8000/base', own)).toMatchObject({ kind: 'loopback', isHere: true })
  expect(await placeOf('http://10.9.8.7', own)).toMatchObject({ kind: 'private', isHere: true })
  expect(await placeOf('https://10.9.8.6', own)).toMatchObject({ kind: 'private', isHere: false })
  expect(await placeOf('http://203.0.113.9', own)).toMatchObject({ kind: 'public', isHere: false })
  expect(await placeOf('http://no-such-host.invalid', own)).toBeUndefined()
})
