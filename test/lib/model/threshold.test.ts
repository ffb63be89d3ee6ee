import fc from 'fast-check'
import { expect, it } from 'vitest'
import { judge, parseThreshold, type ThresholdSubjects, thresholdOperators } from '../../../src/lib/model/threshold.ts'

const subjects: ThresholdSubjects = { figures: { connect: 'ms', rate: 'kbps' }, totals: { lost: '', goneS: 's' } }

it('judges whatever there is to be judged, in its unit', () => {
  const values: Record<string, number> = { connect: 1500, lost: 3 }
  const verdict = (text: string) =>
    judge(parseThreshold(text, subjects), (subject) =>
      subject.figure === undefined ? values[subject.total] : values[subject.figure],
    )
  expect(verdict('connect_p95<2s')).toEqual({ threshold: 'connect_p95<2s', value: 1500, passed: true })
  expect(verdict('connect<1s')).toMatchObject({ passed: false })
  expect(verdict('lost<=3')).toMatchObject({ value: 3, passed: true })
  expect(verdict('rate>1mbps')).toEqual({ threshold: 'rate>1mbps', passed: false })
})

it('names what there is for what there is not', () => {
  for (const text of ['startup<1', 'rate_p42<1', 'rate<1ms', 'lost_p95<1', 'goneS<1%'])
    expect(() => parseThreshold(text, subjects)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => parseThreshold('startup<1', subjects)).toThrow(/connect, rate, and lost, goneS/)
})

it('takes nothing else than a threshold, whatever is written', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('__proto__<1', 'constructor<1', 'rate_toString<1')), (text) => {
      try {
        const { subject, bound } = parseThreshold(text, subjects)
        expect(Object.keys(subjects[subject.figure === undefined ? 'totals' : 'figures'])).toContain(
          subject.figure ?? subject.total,
        )
        expect(bound).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_OPTION' })
      }
    }),
  )
})

it('a bound counts as the operator says, at the bound itself too', () => {
  const passes = (text: string, value: number) => judge(parseThreshold(text, subjects), () => value).passed
  expect([9, 10, 11].map((value) => passes('connect<10', value))).toEqual([true, false, false])
  expect([9, 10, 11].map((value) => passes('connect<=10', value))).toEqual([true, true, false])
  expect([9, 10, 11].map((value) => passes('connect>10', value))).toEqual([false, false, true])
  expect([9, 10, 11].map((value) => passes('connect>=10', value))).toEqual([false, true, true])
  expect([9, 10, 11].map((value) => passes('connect==10', value))).toEqual([false, true, false])
  expect([9, 10, 11].map((value) => passes('connect != 10', value))).toEqual([true, false, true])
})

it('a bound is in the unit of its figure, however it is written', () => {
  const boundOf = (text: string) => parseThreshold(text, subjects).bound
  expect(['connect<1.5s', 'connect<1500ms', 'connect<1500', 'connect < 1500 MS'].map(boundOf)).toEqual(
    new Array(4).fill(1500),
  )
  expect(['rate>2mbps', 'rate>2000kbps', 'rate>2000000bps'].map(boundOf)).toEqual([2000, 2000, 2000])
  expect(boundOf('goneS<500ms')).toBe(0.5)
  // A count has no unit, whatever its figure is measured in.
  expect(boundOf('connect_count>5')).toBe(5)
  expect(() => boundOf('connect_count>5ms')).toThrow('not measured in "ms"')
})

it('a figure alone means its mean, and a text is kept as it was written', () => {
  expect(parseThreshold(' connect<5 ', subjects)).toMatchObject({
    text: 'connect<5',
    subject: { figure: 'connect', statistic: 'mean' },
  })
})

it('what is without end is more than any bound, and what nobody measured fails whatever is asked', () => {
  const passes = (operator: string, value: null | undefined) =>
    judge(parseThreshold(`connect_p95${operator}10s`, subjects), () => value)
  for (const operator of ['<', '<=', '=='])
    expect(passes(operator, null)).toEqual({ threshold: `connect_p95${operator}10s`, passed: false })
  for (const operator of ['>', '>=', '!=']) expect(passes(operator, null).passed).toBe(true)
  for (const operator of thresholdOperators) expect(passes(operator, undefined).passed).toBe(false)
})

it('says what may have been meant', () => {
  const said = (text: string) => () => parseThreshold(text, subjects)
  expect(said('conect<1s')).toThrow('there is no figure "conect" (did you mean "connect"?); there are')
  expect(said('lots<1')).toThrow('(did you mean "lost"?)')
  expect(said('connect_p96<1s')).toThrow('(did you mean "p90" or "p95" or "p99"?)')
  expect(said('connect<1kbps')).toThrow('connect is not measured in "kbps" but in ms, s')
  expect(said('lost<1s')).toThrow('lost is not measured in "s" but has no unit')
  expect(said('lost_p95<1')).toThrow('lost is one number and has no p95')
  for (const text of ['', 'connect', 'connect=1', 'connect=<1', 'connect<', 'connect<-1', 'connect<1e3', 'a<1<2'])
    expect(said(text)).toThrow('it reads <figure>_<statistic><operator>')
})
