// What a path does, as the kernel sees it: datagrams cross from one network namespace to another, and the kernel counts what arrives.
// It is held against shapers of the kernel too, where there are any.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { missingParts, saySkipped, until } from '../support/e2e.ts'
import { watchMachine } from '../support/machine-load.ts'
import {
  canMakeNamespaces,
  device,
  makeNamespaces,
  type Namespaces,
  nextMessage,
  sideAddress,
} from '../support/netns.ts'
import type { SinkResult, SourceOptions, SourceResult } from '../support/netns-udp.ts'

const missing = missingParts({ 'network namespaces': await canMakeNamespaces() })

const script = join(import.meta.dirname, '../support/netns-udp.ts')
const payload = 1172
/** IP and UDP: what a path counts. And Ethernet's, which the kernel's devices and shapers count too. */
const packetBytes = payload + 28
const frameBytes = packetBytes + 14

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!

describe.skipIf(missing.length > 0)('an impaired path, by the counters of the kernel', () => {
  let space: Namespaces
  beforeAll(async () => {
    space = await makeNamespaces()
  })
  afterAll(() => space?.close())

  async function cross(options: Pick<SourceOptions, 'impair' | 'packets' | 'packetsPerS'>) {
    const before = { a: await space.udp('a'), b: await space.udp('b') }
    const role = (name: string, given: unknown) => [
      '--disable-warning=ExperimentalWarning',
      script,
      name,
      JSON.stringify(given),
    ]
    const sink = space.start('b', process.execPath, role('sink', sideAddress.b))
    const port = await nextMessage<number>(sink)
    const source = space.start(
      'a',
      process.execPath,
      role('source', { ...options, from: sideAddress.a, to: sideAddress.b, port, bytes: payload }),
    )
    const sent = await nextMessage<SourceResult>(source)
    // What a shaper of the kernel holds comes later.
    let last = -1
    await until(
      'the last datagram',
      async () => {
        const { InDatagrams } = await space.udp('b')
        const isSame = InDatagrams === last
        last = InDatagrams!
        return isSame
      },
      { everyMs: 500 },
    )
    sink.send('enough')
    const got = await nextMessage<SinkResult>(sink)
    const after = { a: await space.udp('a'), b: await space.udp('b') }
    const count = (side: 'a' | 'b', name: string) => after[side][name]! - before[side][name]!
    expect(count('b', 'RcvbufErrors') + count('b', 'NoPorts')).toBe(0)
    return { sent, got, out: count('a', 'OutDatagrams'), in: count('b', 'InDatagrams') }
  }

  /** Bits per second between two instants of a run, from what the end of the cable counted. */
  function rateOf({ samples }: SinkResult, fromMs: number, toMs: number): number {
    const firstBytes = samples.findIndex(({ packets }) => packets > samples[0]!.packets)
    const startMs = samples[firstBytes]!.atMs
    const [from, to] = [fromMs, toMs].map((ms) => samples.find(({ atMs }) => atMs - startMs >= ms)!)
    const bytes = to!.bytes - from!.bytes - 14 * (to!.packets - from!.packets)
    return (bytes * 8000) / (to!.atMs - from!.atMs)
  }

  it('loses as much as was asked for, and what it says that it lost', async () => {
    const packets = 20_000
    const run = await cross({ impair: 'up.loss=10%', packets, packetsPerS: 5000 })
    expect(run.in).toBe(run.sent.delivered)
    expect(run.out).toBe(run.sent.delivered)
    expect(run.got.received).toBe(run.sent.delivered)
    expect(run.sent.delivered + run.sent.lost).toBe(packets)
    // Four standard deviations of chance.
    expect(Math.abs(1 - run.in / packets - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / packets))
  })

  it('lets nothing through while it is offline', async () => {
    const run = await cross({ impair: 'up.offline', packets: 200, packetsPerS: 1000 })
    expect([run.in, run.out]).toEqual([0, 0])
  })

  it('has the rate that was asked for, and a full queue before it', async () => {
    const machine = watchMachine()
    const run = await cross({ impair: 'up.rate=2mbps', packets: 1400, packetsPerS: 350 })
    const { wasBusy } = machine.end()
    expect(run.in).toBe(run.sent.delivered)
    expect(run.sent.delivered + run.sent.overflowed).toBe(1400)
    const bps = rateOf(run.got, 500, 3500)
    // 300 ms of queue; the first packets find it empty.
    expect(Math.max(...run.got.transitsMs)).toBeGreaterThan(290)
    if (wasBusy) return saySkipped('how exact a rate is, on a machine that is busy')
    expect(Math.abs(bps / 2e6 - 1)).toBeLessThan(0.02)
    expect(median(run.got.transitsMs.slice(-300))).toBeLessThan(310)
  })

  it('delays by as much as was asked for', async () => {
    const machine = watchMachine()
    const bare = median((await cross({ packets: 500, packetsPerS: 250 })).got.transitsMs)
    for (const delayMs of [30, 100]) {
      const { got } = await cross({ impair: `up.delay=${delayMs}ms`, packets: 500, packetsPerS: 250 })
      const seen = median(got.transitsMs) - bare
      if (Math.abs(seen / delayMs - 1) > 0.02 && machine.end().wasBusy)
        return saySkipped('how exact a delay is, on a machine that is busy')
      expect(Math.abs(seen / delayMs - 1), `${seen} ms for ${delayMs}`).toBeLessThan(0.02)
    }
  })

  it('passes as much as the token bucket of the kernel (tbf) at that rate', async () => {
    const rate = Math.round((2e6 * frameBytes) / packetBytes)
    const tbf = ['tbf', 'rate', `${rate}bit`, 'burst', '1600', 'latency', '300ms']
    if (!(await shape(tbf))) return saySkipped('no tbf in this kernel')
    const kernel = await cross({ packets: 1400, packetsPerS: 350 })
    await unshape()
    const ours = await cross({ impair: 'up.rate=2mbps', packets: 1400, packetsPerS: 350 })
    expect(kernel.in).toBeLessThan(1300)
    expect(Math.abs(ours.in / kernel.in - 1)).toBeLessThan(0.02)
  })

  it('delays and loses as the network emulator of the kernel (netem) does', async () => {
    if (!(await shape(['netem', 'delay', '60ms', 'loss', '10%', 'limit', '10000'])))
      return saySkipped('no netem in this kernel')
    const asked = { packets: 5000, packetsPerS: 2000 }
    const kernel = await cross(asked)
    await unshape()
    const ours = await cross({ impair: 'up.delay=60ms,up.loss=10%', ...asked })
    const [theirs, own] = [kernel, ours].map(({ got }) => median(got.transitsMs))
    expect(Math.abs(own! / theirs! - 1)).toBeLessThan(0.03)
    // Each has its own chance.
    expect(Math.abs(ours.in - kernel.in) / asked.packets).toBeLessThan(0.025)
  })

  /** False where the kernel has no such shaper. */
  const shape = (discipline: readonly string[]): Promise<boolean> =>
    space.run('a', 'tc', 'qdisc', 'add', 'dev', device, 'root', ...discipline).then(
      () => true,
      () => false,
    )
  const unshape = () => space.run('a', 'tc', 'qdisc', 'del', 'dev', device, 'root')
})
