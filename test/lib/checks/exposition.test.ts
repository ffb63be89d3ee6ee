import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { parseExposition } from '../../../src/lib/checks/exposition.ts'

describe('parseExposition', () => {
  it('reads what the library writes, whatever is in labels and values', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(text, { minLength: 1, maxLength: 5 }),
        fc.double({ noNaN: true }),
        async (values, amount) => {
          const registers = [new Registry()]
          const counter = new Counter({ name: 'a_total', help: `of ${values.join()}`, labelNames: ['of'], registers })
          const gauge = new Gauge({ name: 'b', help: 'b', registers })
          const histogram = new Histogram({ name: 'c_seconds', help: 'c', buckets: [1, 2], registers })
          for (const of of values) counter.inc({ of }, 1)
          gauge.set(amount)
          histogram.observe(1)
          const { families, samples } = parseExposition(await registers[0]!.metrics())
          expect([...families]).toEqual(['a_total', 'b', 'c_seconds'])
          expect(samples).toBe(values.length + 1 + 5)
        },
      ),
    )
  })

  it('takes what the format allows', () => {
    const text = '# a comment\n\n#\n# EOF\na{x="1",y="2",} 1 1700000000000\nb\t+Inf\nc NaN\nd 1e-9\n'
    expect(parseExposition(text)).toMatchObject({ samples: 4 })
    expect(parseExposition('')).toMatchObject({ samples: 0 })
  })

  it.each([
    ['<!doctype html>\n', 'no sample'],
    ['a 1\nb 2', 'cut off'],
    ['a one\n', 'is no number'],
    ['a 0x10\n', 'is no number'],
    ['1a 1\n', 'no sample'],
    ['a{x=1} 1\n', 'labels'],
    ['a{x="1"y="2"} 1\n', 'labels'],
    ['a{x="1",x="2"} 1\n', 'twice'],
    ['a{x="\\t"} 1\n', 'labels'],
    ['a{y="2",x="1"} 1\na{x="1",y="2"} 1\n', 'the same series twice'],
    ['# TYPE a sum\n', 'no type'],
    ['# TYPE\n', 'no metric'],
    ['# TYPE a gauge\n# TYPE a gauge\n', 'second'],
    ['a 1\n# TYPE a gauge\n', 'after samples'],
  ])('refuses %j', (text, why) => {
    expect(() => parseExposition(text)).toThrow(why)
  })

  it('ends soon on any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '{', '}', '"', '\\', ',', '=', ' ', '\n', '1', '#'), maxLength: 400 }),
        (text) => {
          try {
            parseExposition(text)
          } catch (error) {
            expect((error as Error).message).toMatch(/line|cut off/)
          }
        },
      ),
    )
  })
})
