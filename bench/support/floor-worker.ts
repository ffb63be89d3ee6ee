// The floor of fan-out in a thread of its own: node:crypto AES-128-GCM with a KeyObject and dgram.send, at the rate and in the
// rhythm of the media worker, and nothing else.
import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { parentPort, workerData } from 'node:worker_threads'
import { tickMs } from '../../src/lib/media/playback/ticker.ts'
import { quantile } from './bench.ts'

export interface FloorSettings {
  readonly ports: readonly number[]
  readonly payloadBytes: number
  readonly packetsPerS: number
}

export interface FloorResult {
  readonly packets: number
  readonly cpuUs: number
  /** p99 of how late its packets left: what a bare timer achieves on this machine now. */
  readonly lateP99Ms: number
}

const { ports, payloadBytes, packetsPerS } = workerData as FloorSettings
const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) })
await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
const key = createSecretKey(randomBytes(16))
const header = Buffer.alloc(20, 0x90)
const iv = randomBytes(12)
const payload = randomBytes(payloadBytes)

function sendOne(number: number): void {
  header.writeUInt16BE(number & 0xffff, 2)
  iv.writeUInt32BE(number, 8)
  const cipher = createCipheriv('aes-128-gcm', key, iv)
  cipher.setAAD(header)
  const encrypted = cipher.update(payload)
  cipher.final()
  const packet = Buffer.allocUnsafe(header.length + encrypted.length + 16)
  packet.set(header)
  packet.set(encrypted, header.length)
  packet.set(cipher.getAuthTag(), header.length + encrypted.length)
  socket.send(packet, ports[number % ports.length]!, '127.0.0.1')
}

let sent = 0
parentPort!.on('message', (durationMs: number) => {
  const startedAt = performance.now()
  const before = process.threadCpuUsage()
  const from = sent
  const late: number[] = []
  const tick = () => {
    const elapsedMs = performance.now() - startedAt
    const due = from + Math.floor((Math.min(elapsedMs, durationMs) * packetsPerS) / 1000)
    if (sent < due) late.push(elapsedMs - ((sent - from) * 1000) / packetsPerS)
    while (sent < due) sendOne(sent++)
    if (elapsedMs < durationMs) {
      setTimeout(tick, tickMs)
      return
    }
    const { user, system } = process.threadCpuUsage(before)
    parentPort!.postMessage({
      packets: sent - from,
      cpuUs: user + system,
      lateP99Ms: quantile(late, 0.99),
    } satisfies FloorResult)
  }
  setTimeout(tick, tickMs)
})
