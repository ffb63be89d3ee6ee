// Either end of a cable between namespaces, in a process there: `source` sends over a mux behind a path, `sink` takes what comes.
// Arguments: the role, and JSON of its options. Talks with who started it by messages.
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { systemClock } from '../../src/lib/base/clock.ts'
import { ImpairedPath } from '../../src/lib/impairment/path.ts'
import { parseImpairment } from '../../src/lib/impairment/spec.ts'
import { createUdpMux } from '../../src/lib/webrtc/ice/udp-mux.ts'
import { device } from './netns.ts'

export interface SourceOptions {
  /** Of `--impair`; absent: no path. */
  readonly impair?: string
  readonly from: string
  readonly to: string
  readonly port: number
  readonly packets: number
  readonly packetsPerS: number
  readonly bytes: number
}

export interface SourceResult {
  /** By the path, of the way up. */
  readonly delivered: number
  readonly lost: number
  readonly overflowed: number
}

export interface SinkSample {
  readonly atMs: number
  /** As the kernel counts at the end of the cable, with Ethernet's header. */
  readonly bytes: number
  readonly packets: number
}

export interface SinkResult {
  readonly received: number
  readonly transitsMs: readonly number[]
  /** Every 50 ms. */
  readonly samples: readonly SinkSample[]
}

/** On the clock that all processes of the machine share. */
const machineMs = () => Number(process.hrtime.bigint()) / 1e6
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const tell = (message: unknown) => new Promise<void>((done) => process.send!(message, () => done()))

async function source({ impair, from, to, port, packets, packetsPerS, bytes }: SourceOptions): Promise<SourceResult> {
  const path =
    impair === undefined
      ? undefined
      : new ImpairedPath({ impairment: parseImpairment({ base: impair }), clock: systemClock, seed: 1 })
  const mux = await createUdpMux({ addresses: [from], path })
  const [endpoint] = mux.attach(new Map()).endpoints
  const startMs = machineMs()
  for (let index = 0; index < packets; ) {
    const due = Math.min(packets, Math.ceil(((machineMs() - startMs) * packetsPerS) / 1000))
    for (const end = Math.min(due, index + 32); index < end; index++) {
      const data = Buffer.alloc(bytes)
      data.writeDoubleBE(machineMs())
      endpoint!.post(data, port, to)
    }
    await wait(1)
  }
  const isEmpty = () => !path || path.stats.up.queuedPackets + path.stats.up.delayedPackets === 0
  while (!isEmpty()) await wait(10)
  await mux.close()
  const up = path?.stats.up
  path?.close()
  return { delivered: up?.deliveredPackets ?? packets, lost: up?.dropped.loss ?? 0, overflowed: up?.dropped.queue ?? 0 }
}

/** Until it is asked for what came. */
async function sink(address: string): Promise<SinkResult> {
  const transitsMs: number[] = []
  const samples: SinkSample[] = []
  const socket = createSocket({ type: 'udp4', recvBufferSize: 2 ** 22 })
  socket.on('message', (data) => transitsMs.push(machineMs() - data.readDoubleBE()))
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  const counters = `/sys/class/net/${device}/statistics`
  const count = (name: string) => Number(readFileSync(`${counters}/${name}`, 'latin1'))
  const timer = setInterval(
    () => samples.push({ atMs: machineMs(), bytes: count('rx_bytes'), packets: count('rx_packets') }),
    50,
  )
  await tell(socket.address().port)
  await new Promise((resolve) => process.once('message', resolve))
  clearInterval(timer)
  socket.close()
  return { received: transitsMs.length, transitsMs, samples }
}

if (process.send && process.argv[1]?.endsWith('netns-udp.ts')) {
  // Whoever started it is gone.
  process.once('disconnect', () => process.exit())
  const [role, options] = process.argv.slice(2)
  const given = JSON.parse(options!)
  await tell(role === 'sink' ? await sink(given) : await source(given))
  process.disconnect()
}
