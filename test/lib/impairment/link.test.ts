import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LinkConditions } from '../../../src/lib/impairment/impairment.ts'
import { Link, maxHeldBytes } from '../../../src/lib/impairment/link.ts'

/** With the headers 1000 bytes, 8 ms at 1 Mbps. */
const payload = 972
const mbps = 1_000_000

interface Rig {
  readonly link: Link<number>
  readonly log: [id: number, what: string, atMs: number][]
  send(atMs: number, id: number, bytes?: number): void
  /** All that happens until then. */
  until(atMs: number): void
  /** Instants of arrival by number. */
  arrivals(): [number, number][]
}

function rig(conditions: LinkConditions, seed = 1): Rig {
  const log: Rig['log'] = []
  const link = new Link<number>({
    conditions,
    seed,
    startMs: 0,
    onDrop: (id, reason, atMs) => log.push([id, reason, atMs]),
  })
  const until = (atMs: number) => link.deliver(atMs, (id, arrivedMs) => log.push([id, 'arrived', arrivedMs]))
  return {
    link,
    log,
    until,
    send(atMs, id, bytes = payload) {
      until(atMs)
      const refused = link.send(atMs, bytes, id)
      if (refused) log.push([id, refused, atMs])
    },
    arrivals: () => log.flatMap(([id, what, atMs]) => (what === 'arrived' ? [[id, atMs] as [number, number]] : [])),
  }
}

describe('a rate', () => {
  it('serves one packet after another, headers counted', () => {
    const { send, until, arrivals, link } = rig({ rateBps: mbps })
    for (const id of [1, 2, 3]) send(10, id)
    expect(link.nextMs).toBe(18)
    send(100, 4)
    until(1000)
    expect(arrivals()).toEqual([
      [1, 18],
      [2, 26],
      [3, 34],
      [4, 108],
    ])
  })

  it('goes on with what is left of the packet in service when it changes', () => {
    const { send, until, arrivals, link } = rig({ rateBps: mbps })
    send(0, 1)
    send(0, 2)
    link.change(4, { rateBps: mbps / 4 })
    link.change(12, { rateBps: 2 * mbps })
    until(1000)
    // 4 ms at 1 Mbps and 8 ms at a quarter are 6000 bits of 8000; the other 2000 take 1 ms.
    expect(arrivals()).toEqual([
      [1, 13],
      [2, 17],
    ])
  })

  it('that ends lets all go, and one that begins holds what comes after', () => {
    const { send, until, arrivals, link } = rig({ rateBps: mbps })
    for (const id of [1, 2, 3]) send(0, id)
    link.change(9, {})
    send(9, 4)
    link.change(10, { rateBps: mbps })
    send(10, 5)
    until(1000)
    expect(arrivals()).toEqual([
      [1, 8],
      [2, 9],
      [3, 9],
      [4, 9],
      [5, 18],
    ])
  })

  it('of 5/6 of what comes loses exactly 1/6 at the tail, and the queue is full', () => {
    const { send, until, log, link } = rig({ rateBps: mbps, queueMs: 100 })
    const gapMs = 8 / 1.2
    const warm = 600
    const count = 6000
    let least = Number.POSITIVE_INFINITY
    for (let id = 0; id < warm + count; id++) {
      send(id * gapMs, id)
      if (id >= warm) least = Math.min(least, link.stats.queuedBytes)
    }
    const end = (warm + count) * gapMs
    until(end)
    expect(log.filter(([id, what]) => what === 'queue' && id >= warm)).toHaveLength(count / 6)
    // Of 12.5 packets that fit.
    expect(least).toBeGreaterThanOrEqual(11_000)
    expect(link.stats.queuedBytes).toBeLessThanOrEqual(13_000)
    // 100 ms in the queue at most, its own service among them.
    const waits = log.flatMap(([id, what, atMs]) => (what === 'arrived' ? [atMs - id * gapMs] : []))
    expect(Math.max(...waits)).toBeLessThanOrEqual(100.001)
    expect(Math.max(...waits)).toBeGreaterThan(92)
  })

  it('has a queue of 300 ms where nothing is said', () => {
    const { send, log } = rig({ rateBps: mbps })
    for (let id = 0; id < 100; id++) send(0, id)
    // 300 ms are 37.5 of them.
    expect(log.filter(([, what]) => what === 'queue')).toHaveLength(100 - 37)
  })

  it('takes a packet that is alone, however short the queue', () => {
    const { send, until, log } = rig({ rateBps: mbps, queueMs: 1 })
    send(0, 1)
    send(7, 2)
    send(8, 3)
    until(1000)
    expect(log).toEqual([
      [2, 'queue', 7],
      [1, 'arrived', 8],
      [3, 'arrived', 16],
    ])
  })

  it('that falls keeps what is queued and refuses what comes', () => {
    const { send, until, arrivals, log, link } = rig({ rateBps: 10 * mbps, queueMs: 100 })
    for (let id = 0; id < 50; id++) send(0, id)
    link.change(0, { rateBps: mbps, queueMs: 100 })
    send(0, 50)
    until(1000)
    expect(log.filter(([, what]) => what === 'queue')).toEqual([[50, 'queue', 0]])
    expect(arrivals().at(-1)).toEqual([49, 400])
  })
})

describe('delay and jitter', () => {
  it('come after the rate', () => {
    const { send, until, arrivals, link } = rig({ rateBps: mbps, delayMs: 50 })
    send(0, 1)
    send(0, 2)
    expect(link.nextMs).toBe(58)
    until(1000)
    expect(arrivals()).toEqual([
      [1, 58],
      [2, 66],
    ])
  })

  it('stay within their bounds and never reorder', () => {
    const { send, until, arrivals } = rig({ delayMs: 30, jitterMs: 20 })
    for (let id = 0; id < 5000; id++) send(id * 3, id)
    until(1e6)
    const delays = arrivals().map(([id, atMs]) => atMs - id * 3)
    expect(arrivals().map(([id]) => id)).toEqual(Array.from({ length: 5000 }, (_, id) => id))
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(30)
    expect(Math.max(...delays)).toBeLessThanOrEqual(50)
    expect(Math.max(...delays)).toBeGreaterThan(49)
  })

  it('is evenly spread where packets are far apart', () => {
    const { send, until, arrivals } = rig({ delayMs: 30, jitterMs: 20 })
    for (let id = 0; id < 20_000; id++) send(id * 100, id)
    until(1e7)
    const delays = arrivals().map(([id, atMs]) => atMs - id * 100)
    expect(delays.reduce((sum, delay) => sum + delay, 0) / delays.length).toBeCloseTo(40, 0)
    expect(delays.filter((delay) => delay < 35).length / delays.length).toBeCloseTo(0.25, 1)
  })

  it('that becomes less lets nothing overtake', () => {
    const { send, until, arrivals, link } = rig({ delayMs: 100 })
    send(0, 1)
    link.change(10, { delayMs: 10 })
    send(20, 2)
    send(95, 3)
    until(1000)
    expect(arrivals()).toEqual([
      [1, 100],
      [2, 100],
      [3, 105],
    ])
  })

  it('hands out early what is nearly due, and only that', () => {
    const { send, link } = rig({ delayMs: 10 })
    send(0, 1)
    send(0.6, 2)
    const early: number[] = []
    link.deliver(9.7, (id) => early.push(id), 0.5)
    expect(early).toEqual([1])
  })
})

describe('losses', () => {
  const arrivedOf = (conditions: LinkConditions, seed: number) => {
    const { send, until, arrivals } = rig(conditions, seed)
    for (let id = 0; id < 3000; id++) send(id * 5, id, 100 + (id % 900))
    until(1e6)
    return arrivals()
  }

  it('are the same with the same seed, whatever rate and delay', () => {
    const ids = (conditions: LinkConditions, seed = 5) => arrivedOf(conditions, seed).map(([id]) => id)
    const plain = ids({ lossRatio: 0.1 })
    expect(plain.length).toBeGreaterThan(2500)
    expect(plain.length).toBeLessThan(2900)
    expect(ids({ lossRatio: 0.1, delayMs: 80, jitterMs: 30, rateBps: 5 * mbps })).toEqual(plain)
    expect(ids({ lossRatio: 0.1 }, 6)).not.toEqual(plain)
  })

  it('leave the jitter of the others as it was', () => {
    const all = new Map(arrivedOf({ delayMs: 20, jitterMs: 30 }, 8))
    const rest = arrivedOf({ delayMs: 20, jitterMs: 30, lossRatio: 0.2, burstLength: 3 }, 8)
    expect(rest.length).toBeLessThan(2700)
    for (const [id, atMs] of rest) expect(all.get(id)).toBe(atMs)
  })
})

describe('offline', () => {
  it('drops what comes and what is on its way, until it is over', () => {
    const { send, until, log, link } = rig({ rateBps: mbps, delayMs: 20 })
    for (const id of [1, 2, 3]) send(0, id)
    until(29)
    link.change(29, { rateBps: mbps, delayMs: 20, isOffline: true })
    send(30, 4)
    expect(link.nextMs).toBe(Number.POSITIVE_INFINITY)
    link.change(100, { rateBps: mbps, delayMs: 20 })
    send(100, 5)
    until(1000)
    expect(log).toEqual([
      [1, 'arrived', 28],
      [2, 'offline', 29],
      [3, 'offline', 29],
      [4, 'offline', 30],
      [5, 'arrived', 128],
    ])
    expect(link.stats).toMatchObject({ queuedPackets: 0, queuedBytes: 0, delayedPackets: 0 })
  })
})

describe('a trace', () => {
  it('delivers 1500 bytes at each line: small ones share, a large one goes on, what is unused is lost', () => {
    const { send, until, arrivals } = rig({ trace: [10, 20, 20, 50] })
    send(0, 1, 472)
    send(0, 2, 472)
    send(0, 3, 1472)
    // 1 and 2 and a third of 3 at 10, the rest of it at 20 with the first of the two lines.
    send(25, 4, 1472)
    until(49)
    expect(arrivals()).toEqual([
      [1, 10],
      [2, 10],
      [3, 20],
    ])
    until(50)
    expect(arrivals().at(-1)).toEqual([4, 50])
  })

  it('repeats with its last line as period', () => {
    const { send, until, arrivals, link } = rig({ trace: [0, 30, 100], queueMs: 10_000 })
    for (let id = 0; id < 6; id++) send(1, id, 1472)
    expect(link.nextMs).toBe(30)
    until(1000)
    expect(arrivals().map(([, atMs]) => atMs)).toEqual([30, 100, 100, 130, 200, 200])
  })

  it('of one line "1" is 12 Mbps', () => {
    const { send, until, arrivals } = rig({ trace: [1], queueMs: 10_000 })
    for (let id = 0; id < 1000; id++) send(0, id, 1472)
    until(999.5)
    expect(arrivals()).toHaveLength(999)
  })

  it('leaves an opportunity to nobody who comes at that instant or after', () => {
    const { send, until, arrivals } = rig({ trace: [10, 20] })
    send(10, 1)
    until(19)
    expect(arrivals()).toEqual([])
    send(20_000_005, 2)
    until(20_000_010)
    expect(arrivals()).toEqual([
      [1, 20],
      [2, 20_000_010],
    ])
  })

  it('goes on where conditions change and it does not, with what a packet has left', () => {
    const trace = [10, 20, 30]
    const { send, until, arrivals, link } = rig({ trace })
    send(0, 1, 2972)
    link.change(15, { trace: [...trace], delayMs: 1 })
    until(1000)
    expect(arrivals()).toEqual([[1, 21]])
  })

  it('has its queue measured by its mean rate', () => {
    const { send, log } = rig({ trace: [4, 8], queueMs: 40 })
    // 3 Mbps for 40 ms are 15,000 bytes.
    for (let id = 0; id < 20; id++) send(0, id)
    expect(log.filter(([, what]) => what === 'queue')).toHaveLength(5)
  })
})

describe('memory', () => {
  it('is bounded where nothing else bounds it', () => {
    const { send, log, link } = rig({ delayMs: 10_000 })
    for (let id = 0; id < 60_000; id++) send(0, id, 1472)
    const { dropped, delayedPackets } = link.stats
    expect(dropped.memory).toBe(60_000 - delayedPackets)
    expect(delayedPackets * 1500).toBeLessThan(maxHeldBytes)
    expect(delayedPackets * 1500).toBeGreaterThan(maxHeldBytes / 2)
    expect(log.at(-1)![1]).toBe('memory')
  })
})

const bounded = (max: number) => fc.option(fc.integer({ min: 0, max }), { nil: undefined })
const anyConditions: fc.Arbitrary<LinkConditions> = fc
  .record({
    rateBps: fc.option(fc.integer({ min: 10_000, max: 10 * mbps }), { nil: undefined }),
    trace: fc.option(
      fc.array(fc.nat(200), { minLength: 1, maxLength: 20 }).map((steps) => {
        let atMs = 0
        return steps.map((step, i) => (atMs += i === steps.length - 1 ? step + 1 : step))
      }),
      { nil: undefined },
    ),
    queueMs: bounded(500),
    delayMs: bounded(300),
    jitterMs: bounded(100),
    lossRatio: fc.option(fc.double({ min: 0, max: 0.5, noNaN: true }), { nil: undefined }),
    burstLength: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    isOffline: fc.option(fc.constant(true as const), { nil: undefined, freq: 8 }),
  })
  .map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))

type Step =
  | { readonly t: 'send'; readonly bytes: number }
  | { readonly t: 'change'; readonly conditions: LinkConditions }
  | { readonly t: 'look' }
const steps = fc.array(
  fc.tuple(
    fc.double({ min: 0, max: 60, noNaN: true }),
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({ t: fc.constant('send' as const), bytes: fc.integer({ min: 0, max: 3000 }) }),
      },
      { weight: 1, arbitrary: fc.record({ t: fc.constant('change' as const), conditions: anyConditions }) },
      { weight: 2, arbitrary: fc.record({ t: fc.constant('look' as const) }) },
    ),
  ),
  { maxLength: 200 },
)

describe('any link', () => {
  const play = (
    conditions: LinkConditions,
    plan: readonly (readonly [number, Step])[],
    seed: number,
    looks: boolean,
  ) => {
    const run = rig(conditions, seed)
    let nowMs = 0
    let sent = 0
    for (const [waitMs, step] of plan) {
      nowMs += waitMs
      if (step.t === 'send') run.send(nowMs, sent++, step.bytes)
      if (step.t === 'change') run.link.change(nowMs, step.conditions)
      if (looks) run.until(nowMs)
    }
    return { ...run, sent, nowMs }
  }

  it('accounts for each packet, in order, never early', () => {
    fc.assert(
      fc.property(anyConditions, steps, fc.integer(), (conditions, plan, seed) => {
        const { link, log, arrivals, sent, nowMs, until } = play(conditions, plan, seed, true)
        const { sentPackets, deliveredPackets, dropped, queuedPackets, delayedPackets } = link.stats
        const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
        expect(sentPackets).toBe(sent)
        expect(deliveredPackets + lost + queuedPackets + delayedPackets).toBe(sent)
        expect(link.held).toBe(queuedPackets + delayedPackets)
        expect(new Set(log.map(([id]) => id)).size).toBe(log.length)
        expect(log).toHaveLength(deliveredPackets + lost)
        const order = arrivals()
        for (const [i, [id, atMs]] of order.entries()) {
          if (i > 0) expect(id).toBeGreaterThan(order[i - 1]![0])
          if (i > 0) expect(atMs).toBeGreaterThanOrEqual(order[i - 1]![1])
          expect(atMs).toBeLessThanOrEqual(nowMs)
        }
        if (!link.conditions.isOffline) until(1e9)
        expect(link.held).toBe(0)
        expect(link.stats.queuedBytes).toBe(0)
      }),
      { seed: 21, numRuns: 300 },
    )
  })

  it('does the same each time, however often one looks', () => {
    fc.assert(
      fc.property(anyConditions, steps, fc.integer(), (conditions, plan, seed) => {
        const sorted = ({ log }: Rig) => [...log].sort(([a], [b]) => a - b)
        const often = play(conditions, plan, seed, true)
        const seldom = play(conditions, plan, seed, false)
        for (const one of [often, seldom]) one.until(1e9)
        expect(sorted(often)).toEqual(sorted(seldom))
        expect(play(conditions, plan, seed, true).log).toEqual(play(conditions, plan, seed, true).log)
      }),
      { seed: 22, numRuns: 200 },
    )
  })

  it('says when to look next', () => {
    fc.assert(
      fc.property(anyConditions, steps, fc.integer(), (conditions, plan, seed) => {
        const { link, log } = play(conditions, plan, seed, true)
        for (let guard = 0; link.held > 0 && guard < 100_000; guard++) {
          const { nextMs, held } = { nextMs: link.nextMs, held: link.held }
          expect(nextMs).toBeLessThan(Number.POSITIVE_INFINITY)
          const before = log.length
          link.deliver(nextMs - 1e-6, (id, atMs) => log.push([id, 'arrived', atMs]))
          expect(log.slice(before).filter(([, what]) => what === 'arrived')).toEqual([])
          link.deliver(nextMs, (id, atMs) => log.push([id, 'arrived', atMs]))
          expect(link.held < held || link.nextMs > nextMs).toBe(true)
        }
        expect(link.held).toBe(0)
      }),
      { seed: 23, numRuns: 100 },
    )
  })
})
