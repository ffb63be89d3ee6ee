// Two transports of ours on loopback, each on a socket of its own: the server side, and one that controls as a viewer does.
import { onTestFinished } from 'vitest'
import type { Clock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { createUdpMux } from '../../src/lib/webrtc/ice/udp-mux.ts'
import { Transport } from '../../src/lib/webrtc/transport.ts'
import { hangMs } from './webrtc-pair.ts'

export interface OpenTransport {
  readonly transport: Transport
  /** `connection/ice`, as they were told. */
  readonly states: string[]
}

/** Closed when the test is over, with its socket. */
export async function openTransport(clock: Clock, isControlling: boolean): Promise<OpenTransport> {
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const shared = { mux, isControlling, iceServers: [], announceAddresses: [], clock, logger: silentLogger }
  const transport = await Transport.create(shared)
  onTestFinished(async () => {
    await transport.close()
    await mux.close()
  })
  const states: string[] = []
  transport.events.on('state', (connection, ice) => states.push(`${connection}/${ice}`))
  return { transport, states }
}

export function fingerprintsOf({ local }: Transport) {
  const [algorithm, value] = local.fingerprint.split(' ') as [string, string]
  return [{ algorithm, value }]
}

/** Tells `one` of `other`. */
export async function introduce(one: Transport, other: Transport, dtlsRole: 'client' | 'server'): Promise<boolean> {
  const isRestart = one.setRemote({ ice: other.local, fingerprints: fingerprintsOf(other), isIceLite: false, dtlsRole })
  for (const candidate of other.candidates) await one.addCandidate(candidate)
  return isRestart
}

export async function isUp({ transport }: OpenTransport): Promise<void> {
  while (transport.connection !== 'connected') {
    if (transport.failure) throw transport.failure
    await transport.events.next('state', AbortSignal.timeout(hangMs))
  }
}

/** Connected, with the control channel under way. */
export async function connectTransports(clock: Clock): Promise<{ server: OpenTransport; viewer: OpenTransport }> {
  const [server, viewer] = await Promise.all([openTransport(clock, false), openTransport(clock, true)])
  server.transport.prepareData(false)
  viewer.transport.prepareData(true)
  await Promise.all([server.transport.gather(), viewer.transport.gather()])
  await introduce(server.transport, viewer.transport, 'server')
  await introduce(viewer.transport, server.transport, 'client')
  server.transport.start(viewer.transport.sctpPort)
  viewer.transport.start(server.transport.sctpPort)
  await Promise.all([isUp(server), isUp(viewer)])
  return { server, viewer }
}
