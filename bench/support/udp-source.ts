// Sends datagrams over loopback from a thread of its own, evenly, each with its number and the instant it left.
import { createSocket } from 'node:dgram'
import { Worker, workerData } from 'node:worker_threads'

export interface SourceOptions {
  /** In turn. */
  readonly ports: readonly number[]
  /** All together. */
  readonly packetsPerS: number
  readonly packets: number
  readonly bytes: number
}

/** On the clock that all threads and processes of the machine share. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6

export const readStamp = (data: Buffer): { index: number; sentMs: number } => ({
  index: data.readUInt32BE(0),
  sentMs: data.readDoubleBE(4),
})

/** Resolves when all has been sent. */
export function sendFrom(options: SourceOptions): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { source: options } })
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the source ended with ${code}`))))
  })
}

async function send({ ports, packetsPerS, packets, bytes }: SourceOptions): Promise<void> {
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const startMs = machineMs()
  for (let index = 0; index < packets; ) {
    const due = Math.min(packets, Math.ceil(((machineMs() - startMs) * packetsPerS) / 1000))
    // A thread that was held up does not catch up in one burst that no buffer takes.
    for (const end = Math.min(due, index + 64); index < end; index++) {
      const data = Buffer.alloc(bytes)
      data.writeUInt32BE(index, 0)
      data.writeDoubleBE(machineMs(), 4)
      socket.send(data, ports[index % ports.length]!, '127.0.0.1')
    }
    await new Promise((resolve) => (index < due ? setImmediate(resolve) : setTimeout(resolve, 1)))
  }
  await new Promise<void>((resolve) => socket.close(resolve))
}

const { source } = (workerData ?? {}) as { source?: SourceOptions }
if (source) await send(source)
