// Two sides shake hands over a real path: keys that fit, certificates that are asked for, and the end of both.
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { Dtls, setupCertificate } from '../../../../src/lib/webrtc/dtls/dtls.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { connectIce, type IceSide, openIce } from '../../../support/ice-sides.ts'
import { until } from '../../../support/webrtc-pair.ts'

async function openDtls({ ice }: IceSide, clock = systemClock) {
  const told = { keys: 0, closed: 0, failures: [] as string[] }
  const dtls = new Dtls(await setupCertificate(), ice.gatherer, ice.agent, {
    clock,
    onKeys: () => void told.keys++,
    onClosed: () => void told.closed++,
    onFailure: (cause) => told.failures.push(cause),
  })
  onTestFinished(() => dtls.stop())
  return { ...told, told, dtls, ice }
}

const fingerprintsOf = ({ fingerprint }: Dtls) => {
  const [algorithm, value] = fingerprint.split(' ') as [string, string]
  return [{ algorithm, value }]
}

/** Both on a path, each knowing what the other said of itself. */
async function openPair() {
  const sides = await Promise.all([openIce({ isControlling: true }), openIce()])
  const [one, other] = await Promise.all(sides.map((side) => openDtls(side)))
  await connectIce(sides[0]!.ice, sides[1]!.ice)
  one!.dtls.setRemote({ fingerprints: fingerprintsOf(other!.dtls), dtlsRole: 'client' })
  other!.dtls.setRemote({ fingerprints: fingerprintsOf(one!.dtls), dtlsRole: 'server' })
  return { one: one!, other: other! }
}

async function connect({ one, other }: Awaited<ReturnType<typeof openPair>>) {
  await Promise.all([one.dtls.start(), other.dtls.start()])
  expect([one.dtls.isConnected, other.dtls.isConnected, one.dtls.isNew]).toEqual([true, true, false])
}

const header = Buffer.from([0x80, 96, 0, 1, 0, 0, 0, 9, 0, 0, 0, 7])
const receiverReport = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 7])

describe('DTLS', () => {
  it('gives each side the keys of the other, and not its own', async () => {
    const pair = await openPair()
    const { one, other } = pair
    expect([one.dtls.protect, one.dtls.unprotectRtcp]).toEqual([undefined, undefined])
    await connect(pair)
    expect([one.told.keys, other.told.keys]).toEqual([1, 1])
    for (const [from, to] of [
      [one.dtls, other.dtls],
      [other.dtls, one.dtls],
    ] as const) {
      const packet = from.protect!(header, Buffer.from('media'), 0)
      expect(to.unprotect!(packet, 12, 0)?.subarray(12).toString()).toBe('media')
      expect(from.unprotect!(packet, 12, 0)).toBeUndefined()
      const report = from.protectRtcp!(receiverReport)
      expect(to.unprotectRtcp!(report)).toEqual(receiverReport)
      expect(from.unprotectRtcp!(report)).toBeUndefined()
    }
  })

  it('connects to nobody but who has the certificate that was named', async () => {
    const { one, other } = await openPair()
    one.dtls.setRemote({
      fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }],
      dtlsRole: 'client',
    })
    const starting = one.dtls.start()
    other.dtls.start().catch(() => {})
    await expect(starting).rejects.toThrow(/fingerprint/i)
    expect(one.dtls.isConnected).toBe(false)
  })

  it('keeps the side that it is connected to, whatever is said later', async () => {
    const pair = await openPair()
    await connect(pair)
    const { one } = pair
    one.dtls.setRemote({ fingerprints: [], dtlsRole: 'server' })
    expect(one.dtls.transport.role).toBe('client')
  })

  it('tells the other side at once when it ends, and has no keys after it', async () => {
    const pair = await openPair()
    await connect(pair)
    const { one, other } = pair
    one.dtls.sayGoodbye()
    await until(() => other.told.closed === 1)
    await one.dtls.stop()
    expect([one.dtls.protect, one.dtls.unprotect, one.dtls.protectRtcp, one.dtls.unprotectRtcp]).toEqual(
      Array(4).fill(undefined),
    )
    // What it does itself is not told as done by the other side.
    await one.dtls.stop()
    expect(one.told.failures).toEqual([])
  })

  it('may say goodbye before it has begun', async () => {
    const { dtls } = await openDtls(await openIce())
    dtls.sayGoodbye()
    await dtls.stop()
    expect(dtls.isConnected).toBe(false)
  })

  it('has one certificate for all connections of the thread', async () => {
    const [one, other] = [await openDtls(await openIce()), await openDtls(await openIce())]
    expect(one.dtls.fingerprint).toBe(other.dtls.fingerprint)
    expect(one.dtls.fingerprint).toMatch(/^sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/i)
  })

  it('takes half a mebibyte a second of what is DTLS, and as much of other kinds as comes', async () => {
    const side = await openIce()
    const clock = new FakeClock()
    const { told } = await openDtls(side, clock)
    const { agent } = side.ice
    const passed: Buffer[] = []
    agent.onData.subscribe((data: Buffer) => passed.push(data))
    const media = Buffer.alloc(1024, 0x80)
    for (let i = 0; i < 2000; i++) agent.onData.execute(media)
    expect([passed.length, told.failures]).toEqual([2000, []])
    const record = Buffer.alloc(1024, 0x17)
    for (let i = 0; i < 512; i++) agent.onData.execute(record)
    expect(told.failures).toEqual([])
    agent.onData.execute(record)
    expect(told.failures).toEqual(['more than 524288 bytes in a second'])
    clock.advance(1000)
    for (let i = 0; i < 512; i++) agent.onData.execute(record)
    expect(told.failures).toHaveLength(1)
  })
})
