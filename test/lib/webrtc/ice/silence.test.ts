import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/lib/base/logger.ts'
import { watchSilence } from '../../../../src/lib/webrtc/ice/silence.ts'
import { createPeerFactory } from '../../../../src/lib/webrtc/peer-factory.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { PatientClock } from '../../../support/patient-clock.ts'
import { layCable } from '../../../support/udp-cable.ts'
import { chooseVp8, createViewer, isConnected, loopback, packetOf, until } from '../../../support/webrtc-pair.ts'

describe('silence', () => {
  function watched() {
    const clock = new FakeClock()
    const changes: boolean[] = []
    const heard = { packets: 0 }
    const timer = watchSilence(
      clock,
      () => heard.packets,
      (isSilent) => changes.push(isSilent),
    )
    return { clock, changes, heard, timer }
  }

  it('is ten seconds without a packet, said once, and its end is said too', () => {
    const { clock, changes, heard } = watched()
    clock.advance(9999)
    expect(changes).toEqual([])
    clock.advance(20_000)
    expect(changes).toEqual([true])
    heard.packets++
    clock.advance(1000)
    expect(changes).toEqual([true, false])
    clock.advance(10_000)
    expect(changes).toEqual([true, false, true])
  })

  it('is none where something comes every nine seconds', () => {
    const { clock, changes, heard, timer } = watched()
    for (let i = 0; i < 20; i++) {
      clock.advance(9000)
      heard.packets++
    }
    expect(changes).toEqual([])
    timer.cancel()
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('a viewer whose network is gone', () => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  it('is disconnected after ten seconds, is sent nothing, and is connected again when it is back', async () => {
    const clock = new PatientClock()
    const settings = { iceServers: [], announceAddresses: [], bindAddresses: loopback }
    const factory = await createPeerFactory(settings, { clock, logger: silentLogger })
    const viewer = await createViewer()
    const cable = await layCable()
    closing.push(
      () => factory.close(),
      () => cable.close(),
      () => viewer.close(),
    )
    const peer = await factory.createPeer()
    const answer = await peer.acceptOffer(cable.toServer(await viewer.offer()), chooseVp8)
    await viewer.acceptAnswer(cable.toViewer(answer))
    await Promise.all([isConnected(peer), isConnected(viewer)])
    const outlet = peer.outlets[0]!
    let sequence = 0
    const send = () => outlet.send(packetOf(sequence++, Uint8Array.from([1])))

    // While it is heard every second, any number of seconds may pass.
    for (let second = 0; second < 15; second++) {
      const heard = peer.events.next('acked', AbortSignal.timeout(5000))
      expect(send()).toBe(true)
      await heard
      clock.pass(1000)
    }
    expect(peer.connectionState).toBe('connected')

    cable.cut()
    for (let second = 0; second < 11; second++) clock.pass(1000)
    expect([peer.connectionState, peer.iceState]).toEqual(['disconnected', 'disconnected'])
    expect(send()).toBe(false)

    cable.mend()
    await until(() => {
      viewer.sendControl('x')
      clock.pass(1000)
      return peer.connectionState === 'connected'
    })
    expect(send()).toBe(true)
  })
})
