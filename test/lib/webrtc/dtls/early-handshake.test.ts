import { expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { silentLogger } from '../../../../src/lib/base/logger.ts'
import { EarlyHandshake } from '../../../../src/lib/webrtc/dtls/early-handshake.ts'
import { createUdpMux } from '../../../../src/lib/webrtc/ice/udp-mux.ts'
import { Transport } from '../../../../src/lib/webrtc/transport.ts'
import { tapped } from '../../../support/tapped-mux.ts'

/** A whole ClientHello without a cookie, as recorded: an answer to it is a HelloVerifyRequest. */
const clientHello = Buffer.from(
  '16fefd00000000000000010062010000560000000000000056fefd6b00e73f688bbf809621c017e0a81e9761f7049e52af4e964e5291f64ff4' +
    '316700000004c02bc02f01000028000e000700040007000100000a00060004001d0017000d000600040401040300170000ff01000100',
  'hex',
)
const isHelloVerifyRequest = (data: Buffer) => data[0] === 22 && data[13] === 3

interface Traffic {
  readonly sent: Buffer[]
  readonly received: Buffer[]
}

async function open(isControlling: boolean): Promise<{ transport: Transport; traffic: Traffic }> {
  const traffic: Traffic = { sent: [], received: [] }
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const transport = await Transport.create({
    mux: tapped(mux, {
      sent: (data) => traffic.sent.push(data),
      received: (data) => traffic.received.push(data),
    }),
    isControlling,
    iceServers: [],
    announceAddresses: [],
    clock: systemClock,
    logger: silentLogger,
  })
  onTestFinished(async () => {
    await transport.close()
    await mux.close()
  })
  await transport.gather()
  return { transport, traffic }
}

/** Neither begins the handshake by itself: both wait as DTLS servers. */
async function introduce(one: Transport, other: Transport): Promise<void> {
  const { ufrag, password, fingerprint } = other.local
  const [algorithm, value] = fingerprint.split(' ') as [string, string]
  const fingerprints = [{ algorithm, value }]
  one.setRemote({ ice: { ufrag, password }, fingerprints, isIceLite: false, dtlsRole: 'server' })
  for (const candidate of other.candidates) await one.addCandidate(candidate)
}

it('answers a ClientHello that came before its own side of ICE was done', async () => {
  const { transport: viewer } = await open(true)
  const { transport: server, traffic } = await open(false)
  await introduce(viewer, server)
  await introduce(server, viewer)
  viewer.start()
  await vi.waitFor(() => expect(viewer.post(clientHello)).toBe(true))
  await vi.waitFor(() => expect(traffic.received.some((data) => data.equals(clientHello))).toBe(true))
  server.start()
  await vi.waitFor(() => expect(traffic.sent.some(isHelloVerifyRequest)).toBe(true), { timeout: 3000 })
})

it('keeps handshake packets only, and few', () => {
  const early = new EarlyHandshake()
  early.keep(Buffer.from([0x80, 0x60]))
  early.keep(Buffer.from([0, 1]))
  for (let i = 0; i < 100; i++) early.keep(Buffer.from([22, i]))
  const kept = early.take()
  expect(kept.map((data) => data[1])).toEqual([0, 1, 2, 3])
  expect(early.take()).toEqual([])
})
