import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createCustomMetrics } from '../../../src/lib/metrics/custom-metrics.ts'

function start() {
  const registry = new Registry()
  const dropped: string[] = []
  const custom = createCustomMetrics(registry, (metric) => dropped.push(metric))
  return { custom, dropped, text: () => registry.metrics() }
}

const help = 'Orders taken'

describe('custom metrics', () => {
  it('appear as they are written', async () => {
    const { custom, text } = start()
    const orders = custom.counter({ name: 'shop_orders_total', help, labels: ['kind'] })
    orders.add({ kind: 'a "b"\n' })
    orders.add({ kind: 'a "b"\n' }, 2)
    custom.gauge({ name: 'shop_open', help }).set({}, 1)
    const wait = custom.histogram({ name: 'shop_wait_seconds', help, labels: ['kind'], buckets: [1, 5] })
    wait.observe({ kind: 'x' }, 3)
    expect(await text()).toContain('shop_orders_total{kind="a \\"b\\"\\n"} 3')
    expect(await text()).toContain('shop_open 1')
    expect(await text()).toContain('shop_wait_seconds_bucket{le="5",kind="x"} 1')
    expect(await text()).toContain('# HELP shop_wait_seconds Orders taken')
  })

  it('have a bounded number of series; what comes after is dropped and counted', async () => {
    const { custom, dropped, text } = start()
    const orders = custom.counter({ name: 'shop_orders_total', help, labels: ['user'] })
    for (let user = 0; user < 1005; user++) orders.add({ user: String(user) })
    orders.add({ user: '7' })
    expect(dropped).toHaveLength(5)
    expect((await text()).match(/^shop_orders_total\{/gm)).toHaveLength(1000)
    expect(await text()).toContain('shop_orders_total{user="7"} 2')
  })

  it.each([
    ['shop-orders_total', 'is not a valid metric name'],
    ['mcp_orders_total', 'those of mcpx'],
    ['webrtc_x_total', 'those of mcpx'],
    ['process_x_total', 'those of mcpx'],
    ['shop_orders', 'ends with _total'],
    [`${'a'.repeat(300)}_total`, 'is not a valid metric name'],
  ])('refuse the counter %s', (name, why) => {
    expect(() => start().custom.counter({ name, help })).toThrow(why)
  })

  it.each(['shop_total', 'shop_count', 'shop_bucket', 'shop_sum'])('refuse the gauge %s', (name) => {
    expect(() => start().custom.gauge({ name, help })).toThrow('for itself')
  })

  it.each([[['le']], [['__name']], [['a b']], [['a', 'a']], [['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']]])(
    'refuse the labels %j',
    (labels) => {
      expect(() => start().custom.gauge({ name: 'shop_open', help, labels })).toThrow('shop_open')
    },
  )

  it.each([[[]], [[1, 1]], [[2, 1]], [[1, Infinity]], [[Number.NaN]], [Array.from({ length: 51 }, (_, at) => at)]])(
    'refuse the buckets %j',
    (buckets) => {
      expect(() => start().custom.histogram({ name: 'shop_wait_seconds', help, buckets })).toThrow('shop_wait_seconds')
    },
  )

  it('refuse a name that is taken, one metric too many, and a metric without help', () => {
    const { custom } = start()
    custom.gauge({ name: 'shop_0', help })
    expect(() => custom.gauge({ name: 'shop_0', help })).toThrow('already')
    expect(() => custom.histogram({ name: 'shop_0', help, buckets: [1] })).toThrow('already')
    expect(() => custom.gauge({ name: 'shop_x', help: ' ' })).toThrow('no help')
    for (let at = 1; at < 200; at++) custom.gauge({ name: `shop_${at}`, help })
    expect(() => custom.gauge({ name: 'shop_200', help })).toThrow('200 custom metrics')
  })

  it('refuse to be written wrongly', () => {
    const { custom } = start()
    const orders = custom.counter({ name: 'shop_orders_total', help, labels: ['kind'] })
    expect(() => orders.add({ kind: 'a' }, -1)).toThrow('cannot fall')
    expect(() => orders.add({ kind: 'a' }, Number.NaN)).toThrow('not a finite number')
    // @ts-expect-error a label that was not declared
    expect(() => orders.add({ kind: 'a', user: 'b' })).toThrow('"user"')
    // @ts-expect-error a label without a value
    expect(() => orders.add({})).toThrow('"kind"')
  })
})
