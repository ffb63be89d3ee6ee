import fc from 'fast-check'
import { expect, it } from 'vitest'
import { judge, parseThreshold, type ThresholdSubjects } from '../../../src/lib/model/threshold.ts'

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
