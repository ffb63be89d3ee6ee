// Impairment: how far rate, delay and loss are from what was asked for, on real UDP, and what a packet costs that goes through a path.
import { createSocket, type Socket } from 'node:dgram'
import { systemClock } from '../src/lib/base/clock.ts'
import { headerBytes } from '../src/lib/impairment/impairment.ts'
import { ImpairedPath } from '../src/lib/impairment/path.ts'
import { parseImpairment } from '../src/lib/impairment/spec.ts'
import { atMost, type BenchContext, interleave, median, quantile, sum, until } from './support/bench.ts'
import { machineMs, readStamp, type SourceOptions, sendFrom } from './support/udp-source.ts'

export const title = 'Impairment: what was asked for against what arrives'

/** As large as most packets of media. */
const payloadBytes = 1172

interface Arrival {
  readonly index: number
  readonly transitMs: number
  readonly atMs: number
}

interface Run {
  readonly arrivals: readonly Arrival[]
  /** Of this thread, from the first datagram to the last. */
  readonly cpuMs: number
  /** What came to the path, or would have; what did not was lost by the buffer of a socket. */
  readonly reached: number
}

type Source = Omit<SourceOptions, 'ports' | 'bytes'>

/** Sockets that take what a path lets through, as those of a viewer do; without a text there is no path. */
async function receive(text: string | undefined, source: Source, { viewers = 1, seed = 1 } = {}): Promise<Run> {
  const arrivals: Arrival[] = []
  const paths: ImpairedPath[] = []
  const sockets: Socket[] = []
  let reached = 0
  for (let viewer = 0; viewer < viewers; viewer++) {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 2 ** 20 })
    const take = (data: Buffer) => {
      const { index, sentMs } = readStamp(data)
      const atMs = machineMs()
      arrivals.push({ index, transitMs: atMs - sentMs, atMs })
    }
    const path =
      text === undefined
        ? undefined
        : new ImpairedPath({ impairment: parseImpairment({ base: text }), clock: systemClock, seed: seed + viewer })
    socket.on('message', (data) => {
      reached++
      if (path) path.down(data, take)
      else take(data)
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    sockets.push(socket)
    if (path) paths.push(path)
  }
  const before = process.threadCpuUsage()
  await sendFrom({ ...source, bytes: payloadBytes, ports: sockets.map((socket) => socket.address().port) })
  const isEmpty = () => paths.every(({ stats: { down } }) => down.queuedPackets + down.delayedPackets === 0)
  await until('the last datagram', async () => {
    const seen = reached
    await new Promise((resolve) => setTimeout(resolve, 50))
    return reached === seen && isEmpty()
  })
  const { user, system } = process.threadCpuUsage(before)
  for (const path of paths) path.close()
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
  return { arrivals, cpuMs: (user + system) / 1000, reached }
}

export async function run(context: BenchContext): Promise<void> {
  await measureDelay(context)
  await measureRate(context)
  await measureLoss(context)
  await measureCost(context)
}

/** The path's delay is what a packet takes longer than without one, in the middle of all. */
async function measureDelay(context: BenchContext): Promise<void> {
  const rounds = context.pick(5, 3, 1)
  const source: Source = { packetsPerS: 500, packets: context.pick(1500, 1500, 60) }
  for (const delayMs of context.pick([20, 50, 80, 250], [20, 80], [20])) {
    const means: number[] = []
    const errors: number[] = []
    for (let round = 0; round < rounds; round++) {
      const bare = median((await receive(undefined, source)).arrivals.map(({ transitMs }) => transitMs))
      const { arrivals } = await receive(`delay=${delayMs}ms`, source)
      const offsets = arrivals.map(({ transitMs }) => transitMs - bare - delayMs)
      errors.push(...offsets)
      means.push((100 * Math.abs(sum(offsets) / offsets.length)) / delayMs)
    }
    const at = (q: number) => quantile(errors, q).toFixed(2)
    context.report({
      figure: `error of a delay of ${delayMs} ms, mean of a run`,
      unit: '%',
      samples: means,
      goal: atMost(2, '%'),
      beside: `single packets: p1 ${at(0.01)}, median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)} ms`,
    })
  }
}

/** Half as much again is sent as may pass. */
async function measureRate(context: BenchContext): Promise<void> {
  const rounds = context.pick(5, 3, 1)
  for (const rateMbps of context.pick([0.3, 1, 5, 20], [1, 5], [1])) {
    const bits = (payloadBytes + headerBytes) * 8
    const packetsPerS = (1.5e6 * rateMbps) / bits
    const errors: number[] = []
    const rates: number[] = []
    for (let round = 0; round < rounds; round++) {
      const packets = Math.ceil(packetsPerS * context.pick(4, 4, 1))
      const { arrivals } = await receive(`rate=${rateMbps}mbps`, { packetsPerS, packets })
      const seconds = (arrivals.at(-1)!.atMs - arrivals[0]!.atMs) / 1000
      const seenMbps = ((arrivals.length - 1) * bits) / seconds / 1e6
      rates.push(seenMbps)
      errors.push(100 * Math.abs(seenMbps / rateMbps - 1))
    }
    context.report({
      figure: `error of a rate of ${rateMbps} Mbps`,
      unit: '%',
      samples: errors,
      goal: atMost(2, '%'),
      beside: `${median(rates).toFixed(3)} Mbps arrive`,
    })
  }
}

/** Several seeds, together as many packets as it takes for chance to be less than what is asked. */
async function measureLoss(context: BenchContext): Promise<void> {
  const seeds = context.pick([1, 2, 3, 4, 5], [1], [1])
  const packetsOfRun = context.pick(200_000, 60_000, 2000)
  const asked: readonly (readonly [string, number])[] = [
    ['loss=2%', 2],
    ['loss=10%', 10],
    ['loss=5%,burst-loss=3', 5],
  ]
  for (const [text, percent] of asked) {
    let [reached, lost, bursts] = [0, 0, 0]
    for (const seed of seeds) {
      const run = await receive(text, { packetsPerS: 20_000, packets: packetsOfRun }, { seed })
      const indexes = run.arrivals.map(({ index }) => index)
      reached += run.reached
      lost += run.reached - indexes.length
      bursts += indexes.filter((index, i) => index !== (indexes[i - 1] ?? -1) + 1).length
    }
    const seen = (100 * lost) / reached
    const chance = (100 * spread(percent / 100, reached, text)).toFixed(1)
    const outside = packetsOfRun * seeds.length - reached
    context.report({
      figure: `error of ${text}`,
      unit: '%',
      samples: [100 * Math.abs(seen / percent - 1)],
      goal: atMost(2, '%'),
      beside: `${seen.toFixed(3)} % of ${reached} packets lost, bursts of ${(lost / bursts).toFixed(2)}; a standard deviation of chance is ${chance} %; full buffers lost ${outside} more`,
    })
  }
}

/** One standard deviation of a share of losses, relative to it. Bursts make it larger. */
function spread(ratio: number, packets: number, text: string): number {
  const burst = Number(/burst-loss=(\d+)/.exec(text)?.[1] ?? 1)
  const correlation = burst === 1 ? 0 : 1 - 1 / burst - ratio / ((1 - ratio) * burst)
  return Math.sqrt(((1 - ratio) / ratio / packets) * ((1 + correlation) / (1 - correlation)))
}

/** As many viewers as a thread of a load test may have, 2 Mbps each. */
async function measureCost(context: BenchContext): Promise<void> {
  const viewers = context.pick(50, 50, 5)
  const packetsPerS = viewers * 210
  const source: Source = { packetsPerS, packets: packetsPerS * context.pick(6, 3, 1) }
  const cost = (text: string | undefined) => async () => {
    const { cpuMs, reached } = await receive(text, source, { viewers })
    return (1000 * cpuMs) / reached
  }
  const samples = await interleave(context.pick(5, 3, 1), {
    bare: cost(undefined),
    delay: cost('delay=50ms'),
    all: cost('rate=4mbps,delay=50ms,jitter=10ms,loss=2%,burst-loss=3'),
  })
  for (const [name, what] of [
    ['delay', 'delay'],
    ['all', 'rate, delay, jitter and bursts of loss'],
  ] as const)
    context.report({
      figure: `CPU a packet of a path with ${what}, ${viewers} viewers`,
      unit: 'µs',
      samples: samples[name].map((value, round) => value - samples.bare[round]!),
      beside: `receiving it takes ${median(samples.bare).toFixed(1)} µs; ${packetsPerS} packets/s`,
    })
}
