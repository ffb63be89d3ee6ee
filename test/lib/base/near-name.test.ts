import fc from 'fast-check'
import { expect, it } from 'vitest'
import { didYouMean, nearNames } from '../../../src/lib/base/near-name.ts'

const figures = ['startup', 'connect', 'answer', 'ice', 'bitrate', 'fps', 'frozen', 'freezes', 'loss', 'jitter']

it.each([
  ['startpu', ['startup']],
  ['Start-Up', ['startup']],
  ['bitrat', ['bitrate']],
  ['conect', ['connect']],
  ['freze', ['frozen', 'freezes']],
  ['jiter', ['jitter']],
  ['los', ['loss']],
  ['nonsense', []],
  ['x', []],
  ['', []],
])('%s is near to %j', (text, near) => {
  expect(nearNames(text, figures)).toEqual(near)
})

it('names all that are about as near, the nearest first, and no more than three', () => {
  expect(nearNames('p96', ['p50', 'p90', 'p95', 'p99', 'mean'])).toEqual(['p90', 'p95', 'p99'])
  expect(didYouMean('froze', ['frozen', 'frozenS'])).toBe(' (did you mean "frozen" or "frozenS"?)')
  expect(didYouMean('nonsense', figures)).toBe('')
})

it('finds a name in which one letter is wrong, missing or too much', () => {
  const name = fc.constantFrom(...figures.filter(({ length }) => length >= 4))
  fc.assert(
    fc.property(name, fc.nat(), fc.constantFrom('', 'q', 'qq'), (one, seed, put) => {
      const at = seed % one.length
      expect(nearNames(one.slice(0, at) + put + one.slice(at + 1), figures)).toContain(one)
    }),
  )
})

it('takes any text in little time', () => {
  fc.assert(fc.property(fc.string({ maxLength: 5000 }), (text) => nearNames(text, figures).length <= 3))
})
