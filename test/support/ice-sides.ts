// One side of ICE on a socket of its own, and a STUN server that answers as a test says.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { Ice } from '../../src/lib/webrtc/ice/ice.ts'
import { createUdpMux } from '../../src/lib/webrtc/ice/udp-mux.ts'
import type { TransportOptions } from '../../src/lib/webrtc/transport-options.ts'
import { stunMessage } from './stun-messages.ts'

export interface IceSide {
  readonly ice: Ice
  readonly port: number
  /** `candidate:…` texts, as they were told. */
  readonly told: string[]
  /** Packets that came for nobody. */
  readonly unknownPackets: () => number
  readonly close: () => Promise<void>
}

/** Closed when the test is over, if not before. */
export async function openIce(
  options: Partial<Omit<TransportOptions, 'mux'>> & { addresses?: readonly string[] } = {},
): Promise<IceSide> {
  const { addresses = ['127.0.0.1'], ...more } = options
  const mux = await createUdpMux({ addresses })
  const told: string[] = []
  const ice = new Ice(
    {
      ...{ mux, isControlling: false, iceServers: [], announceAddresses: [], clock: systemClock, logger: silentLogger },
      ...more,
    },
    { onCandidate: (text) => void told.push(text), onFollowed() {} },
  )
  let closing: Promise<void> | undefined
  const closeAll = async () => {
    ice.close()
    await ice.agent.close()
    ice.detach()
    await mux.close()
  }
  const close = () => {
    closing ??= closeAll()
    return closing
  }
  onTestFinished(close)
  return { ice, port: mux.addresses[0]!.port, told, unknownPackets: () => mux.stats.unknownPackets, close }
}

/** Each knows the other and finds a path. */
export async function connectIce(one: Ice, other: Ice): Promise<void> {
  await Promise.all([one.gather(), other.gather()])
  one.setRemote(other.local, false)
  other.setRemote(one.local, false)
  for (const candidate of other.candidates) await one.addCandidate(candidate)
  for (const candidate of one.candidates) await other.addCandidate(candidate)
  await Promise.all([one.agent.connect(), other.agent.connect()])
}

/** XOR-MAPPED-ADDRESS (RFC 8489 14.2) of an IPv4 address. */
function xorMapped(address: string, port: number): Buffer {
  if (!isIPv4(address)) throw new Error(`no IPv4 address: ${address}`)
  const value = Buffer.alloc(8)
  value[1] = 1
  value.writeUInt16BE(port ^ 0x2112, 2)
  value.set(address.split('.').map(Number), 4)
  value.writeUInt32BE((value.readUInt32BE(4) ^ 0x2112_a442) >>> 0, 4)
  return value
}

/** Answers binding requests with `mapped`; with undefined not at all, until `answerAll`. */
export async function startStunServer(mapped: { address: string; port: number } | undefined) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  const asked: (() => void)[] = []
  const answer = (request: Buffer, port: number, to: { address: string; port: number }) => {
    const transaction = request.toString('latin1', 8, 20)
    socket.send(stunMessage(0x101, [[0x20, xorMapped(to.address, to.port)]], { transaction }), port, '127.0.0.1')
  }
  socket.on('message', (request, { port }) => {
    if (mapped) answer(request, port, mapped)
    asked.push(() => answer(request, port, { address: '192.0.2.99', port: 9 }))
  })
  return {
    iceServers: [{ urls: `stun:127.0.0.1:${socket.address().port}` }],
    asked,
    answerAll: () => {
      for (const one of asked) one()
    },
  }
}
