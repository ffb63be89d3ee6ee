// One connection through its states, to another of ours on loopback; and the ways in which it does not come about.
import { describe, expect, it } from 'vitest'
import { maxControlLength } from '../../../src/lib/protocol/control.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { PatientClock } from '../../support/patient-clock.ts'
import { reachRaw } from '../../support/raw-viewer.ts'
import { connectTransports, introduce, openTransport } from '../../support/transport-pair.ts'
import { HandClock, until } from '../../support/webrtc-pair.ts'

const silent = {
  ice: { ufrag: 'them', password: 'a password of 24 letters' },
  fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill('AA').join(':') }],
  ...{ isIceLite: false, dtlsRole: 'server' as const },
}
const rtp = (type: number, byteLength = 40) => {
  const packet = Buffer.alloc(byteLength, 7)
  packet[0] = 0x80
  packet[1] = type
  return packet
}
/** A receiver report and an empty packet of an application's own, so many words long. */
const compound = (words: number) => {
  const packet = Buffer.alloc(8 + 4 * words, 1)
  packet.set([0x80, 201, 0, 1], 0)
  packet.set([0x80, 204, (words - 1) >> 8, (words - 1) & 0xff], 8)
  return packet
}

describe('a connection', () => {
  it('goes through its states once each, tells how long they took, and is closed in the end', async () => {
    const { server, viewer } = await connectTransports(new PatientClock())
    for (const { transport, states } of [server, viewer]) {
      expect(states).toEqual(['connecting/checking', 'connecting/connected', 'connected/connected'])
      const { iceGatheringMs, iceConnectMs, dtlsConnectMs } = transport.timings
      for (const took of [iceGatheringMs, iceConnectMs, dtlsConnectMs]) expect(took).toBeGreaterThanOrEqual(0)
      expect([transport.isStarted, transport.isReady, transport.failure]).toEqual([true, true, undefined])
    }
    await Promise.all([viewer.transport.close(), viewer.transport.close()])
    expect(viewer.states.slice(3)).toEqual(['closed/closed'])
    await until(() => server.states.length > 3)
    expect(server.states.slice(3)).toEqual(['closed/connected'])
    expect([viewer.transport.isReady, viewer.transport.sendRtcp(compound(1))]).toEqual([false, false])
  })

  it('speaks both ways over the control channel once that is open', async () => {
    const { server, viewer } = await connectTransports(new PatientClock())
    const heard: string[] = []
    server.transport.events.on('control', (text) => heard.push(`server: ${text}`))
    viewer.transport.events.on('control', (text) => heard.push(`viewer: ${text}`))
    await until(() => viewer.transport.sendControl('hello'))
    await until(() => server.transport.sendControl('ä'.repeat(maxControlLength)))
    await until(() => heard.length === 2)
    expect(heard.sort()).toEqual(['server: hello', `viewer: ${'ä'.repeat(maxControlLength)}`])
  })

  it('hands on media as it came, RTCP in the clear and only where it is authentic, and nothing that is neither', async () => {
    const { server, viewer } = await connectTransports(new PatientClock())
    const media: Buffer[] = []
    const reports: Buffer[] = []
    server.transport.events.on('rtp', (data) => media.push(data))
    server.transport.events.on('rtcp', (data) => reports.push(data))
    const { transport } = viewer
    for (const packet of [rtp(191), rtp(192), rtp(223), rtp(224), rtp(96, 11), rtp(96, 12)]) transport.post(packet)
    expect(transport.sendRtcp(compound(3))).toBe(true)
    await until(() => media.length === 3 && reports.length === 1)
    expect(media.map((data) => [data[1], data.length])).toEqual([
      [191, 40],
      [224, 40],
      [96, 12],
    ])
    expect(reports).toEqual([compound(3)])
  })

  it('takes 32 KiB of RTCP a second', async () => {
    const clock = new HandClock()
    const { server, viewer } = await connectTransports(clock)
    let [media, reports] = [0, 0]
    server.transport.events.on('rtp', () => media++)
    server.transport.events.on('rtcp', () => reports++)
    // 1,022 bytes each as they come, with index and tag.
    const flood = async () => {
      for (let i = 0; i < 40; i++) viewer.transport.sendRtcp(compound(250))
      const before = media
      await until(() => viewer.transport.post(rtp(96)) && media > before)
      return reports
    }
    expect(await flood()).toBe(32)
    clock.advance(500)
    expect(await flood()).toBe(48)
  })

  it('goes on over an ICE restart of the other side, without a new handshake', async () => {
    const { server, viewer } = await connectTransports(new PatientClock())
    const keys = server.transport.protect
    viewer.transport.restart()
    await viewer.transport.gather()
    expect(await introduce(server.transport, viewer.transport, 'server')).toBe(true)
    await server.transport.gather()
    expect(await introduce(viewer.transport, server.transport, 'client')).toBe(false)
    server.transport.start()
    viewer.transport.start()
    expect([server.transport.connection, server.transport.ice]).toEqual(['connected', 'checking'])
    await until(() => server.transport.ice === 'connected' && viewer.transport.ice === 'connected')
    expect(server.transport.protect).toBe(keys)
    expect(server.states.filter((state) => state.startsWith('connecting'))).toHaveLength(2)
  })
})

describe('a connection that does not come about', () => {
  it('has failed after thirty seconds without a path', async () => {
    const clock = new FakeClock()
    const { transport, states } = await openTransport(clock, false)
    transport.setRemote(silent)
    transport.start()
    clock.advance(29_999)
    expect(states).toEqual(['connecting/checking'])
    clock.advance(1)
    expect(states).toEqual(['connecting/checking', 'failed/failed'])
    expect(transport.failure).toMatchObject({ code: 'PEER_FAILED', message: 'ICE failed: nothing after 30000 ms' })
    expect([transport.post(rtp(96)), transport.sendControl('x')]).toEqual([false, false])
  })

  it('has the whole time again with each start', async () => {
    const clock = new FakeClock()
    const { transport } = await openTransport(clock, false)
    transport.setRemote(silent)
    transport.start()
    clock.advance(20_000)
    transport.setRemote({ ...silent, ice: { ...silent.ice, ufrag: 'anew' } })
    transport.start()
    clock.advance(29_999)
    expect(transport.connection).toBe('connecting')
    clock.advance(1)
    expect(transport.connection).toBe('failed')
  })

  it('has failed ten seconds after a path was found on which nobody shakes hands', async () => {
    const clock = new PatientClock()
    const { transport, states } = await openTransport(clock, false)
    await transport.gather()
    const raw = await reachRaw(transport)
    await until(() => transport.ice === 'connected')
    clock.pass(9999)
    expect(transport.connection).toBe('connecting')
    clock.pass(1)
    expect(states.at(-1)).toBe('failed/connected')
    expect(transport.failure?.message).toBe('DTLS failed: nothing after 10000 ms')
    await raw.close()
  })

  it('is closed, not failed, by whoever closes it first', async () => {
    const clock = new FakeClock()
    const { transport, states } = await openTransport(clock, false)
    transport.setRemote(silent)
    transport.start()
    const closing = transport.close()
    clock.advance(60_000)
    await closing
    expect([states, transport.failure]).toEqual([['connecting/checking', 'closed/closed'], undefined])
    transport.start()
    expect(transport.connection).toBe('closed')
  })
})
