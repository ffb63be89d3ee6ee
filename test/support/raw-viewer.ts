// A viewer that is connected as it should be, and can send any bytes besides: SCTP within its DTLS, and datagrams from its address.
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { ControlChannel, sctpPort } from '../../src/lib/webrtc/control-channel.ts'
import { Dtls, setupCertificate } from '../../src/lib/webrtc/dtls/dtls.ts'
import { Ice } from '../../src/lib/webrtc/ice/ice.ts'
import { createUdpMux, type UdpMux } from '../../src/lib/webrtc/ice/udp-mux.ts'
import { crc32c } from '../../src/lib/webrtc/sctp/crc32c.ts'
import { Transport } from '../../src/lib/webrtc/transport.ts'
import type { TransportOptions } from '../../src/lib/webrtc/transport-options.ts'
import { tapped } from './tapped-mux.ts'

export interface RawViewer {
  /** SCTP packets sent so far, by itself too. */
  readonly sentSctp: readonly Buffer[]
  /** TSN that its next message would have. */
  readonly nextTsn: number
  /** Sends chunks in one packet with the tag of the association and a right checksum. */
  sendChunks(chunks: Buffer): Promise<void>
  /** Sends a packet of SCTP as it is. */
  sendSctp(packet: Buffer): Promise<void>
  /** Sends a datagram as it is, from the address that the server knows. */
  sendDatagram(datagram: Buffer): void
  sendText(text: string): boolean
  /** An alert of DTLS: it leaves. */
  sayGoodbye(): void
  close(): Promise<void>
}

export const sctpPacket = (tag: number, chunks: Buffer): Buffer => {
  const packet = Buffer.concat([Buffer.alloc(12), chunks])
  packet.writeUInt16BE(sctpPort, 0)
  packet.writeUInt16BE(sctpPort, 2)
  packet.writeUInt32BE(tag, 4)
  return seal(packet)
}

/** Makes the checksum right. */
export function seal(packet: Buffer): Buffer {
  packet.writeUInt32LE(0, 8)
  packet.writeUInt32LE(crc32c(packet), 8)
  return packet
}

export const chunkOf = (type: number, body: Buffer, flags = 0): Buffer => {
  const header = Buffer.from([type, flags, 0, 0])
  header.writeUInt16BE(4 + body.length, 2)
  return Buffer.concat([header, body, Buffer.alloc(-body.length & 3)])
}

export function dataChunk(tsn: number, flags: number, stream: number, data: Buffer): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt32BE(tsn >>> 0, 0)
  header.writeUInt16BE(stream, 4)
  header.writeUInt32BE(51, 8)
  return chunkOf(0, Buffer.concat([header, data]), flags)
}

/** The side of the server, alone. */
export async function openServer(mux: UdpMux, logger = silentLogger): Promise<Transport> {
  const transport = await Transport.create({ ...optionsOn(mux), isControlling: false, logger })
  transport.prepareData(false)
  await transport.gather()
  return transport
}

const optionsOn = (mux: UdpMux): TransportOptions => ({
  mux,
  isControlling: true,
  iceServers: [],
  announceAddresses: [],
  clock: systemClock,
  logger: silentLogger,
})

const unheard = { onCandidate() {}, onFollowed() {} }

const fingerprintsOf = (text: string) => {
  const [algorithm, value] = text.split(' ') as [string, string]
  return [{ algorithm, value }]
}

/** Finds a path to a server side and no more: the handshake is to come. */
export async function reachRaw(server: Transport): Promise<Pick<RawViewer, 'sendDatagram' | 'close'>> {
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const ice = new Ice(optionsOn(mux), unheard)
  await ice.gather()
  const fingerprints = [{ algorithm: 'sha-256', value: Array(32).fill('AA').join(':') }]
  server.setRemote({ ice: ice.local, fingerprints, isIceLite: false, dtlsRole: 'server' })
  await server.gather()
  ice.setRemote(server.local, false)
  for (const candidate of server.candidates) await ice.addCandidate(candidate)
  server.start(sctpPort)
  await ice.agent.connect()
  return {
    sendDatagram: (datagram) => void ice.post(datagram),
    async close() {
      ice.close()
      await ice.agent.close()
      ice.detach()
      await mux.close()
    },
  }
}

/** Connects to a server side as a browser would, up to the control channel. `tap` sees each datagram before it leaves. */
export async function connectRaw(server: Transport, tap: (datagram: Buffer) => void = () => {}): Promise<RawViewer> {
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const options = optionsOn(tapped(mux, { sent: tap }))
  const ice = new Ice(options, unheard)
  const nothing = () => {}
  const deps = { clock: systemClock, onKeys: nothing, onClosed: nothing, onFailure: nothing }
  const dtls = new Dtls(await setupCertificate(), ice.gatherer, ice.agent, deps)
  const opened = Promise.withResolvers<void>()
  const control = new ControlChannel(dtls.transport, {
    clock: systemClock,
    logger: silentLogger,
    onBroken: nothing,
    onOpen: opened.resolve,
    onText: nothing,
  })
  const sentSctp: Buffer[] = []
  const { sendData } = dtls.transport
  Object.assign(dtls.transport, {
    sendData(packet: Buffer) {
      sentSctp.push(packet)
      return sendData(packet)
    },
  })
  control.prepare(true)
  await ice.gather()
  const fingerprint = fingerprintsOf(dtls.fingerprint)
  server.setRemote({ ice: ice.local, fingerprints: fingerprint, isIceLite: false, dtlsRole: 'server' })
  ice.setRemote(server.local, false)
  dtls.setRemote({ fingerprints: fingerprintsOf(server.local.fingerprint), dtlsRole: 'client' })
  for (const candidate of server.candidates) await ice.addCandidate(candidate)
  server.start(sctpPort)
  await ice.agent.connect()
  await dtls.start()
  control.start(sctpPort)
  await opened.promise
  const tag = () => sentSctp.findLast((packet) => packet.readUInt32BE(4) !== 0)!.readUInt32BE(4)
  const lastTsn = () =>
    Math.max(...sentSctp.filter((packet) => packet[12] === 0).map((packet) => packet.readUInt32BE(16)))
  const firstFree = lastTsn() + 1
  return {
    sentSctp,
    nextTsn: firstFree,
    sendChunks: (chunks) => sendData(sctpPacket(tag(), chunks)),
    sendSctp: (packet) => sendData(packet),
    sendDatagram: (datagram) => void ice.post(datagram),
    sendText: (text) => control.send(text),
    sayGoodbye: () => dtls.sayGoodbye(),
    async close() {
      ice.close()
      await control.stop()
      await dtls.stop()
      ice.detach()
      await mux.close()
    },
  }
}
