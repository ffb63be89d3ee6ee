import { expect, it } from 'vitest'
import { RestartPolicy } from '../../../src/lib/base/restart-policy.ts'
import { FakeClock } from '../../support/fake-clock.ts'

it('starts again what dies, until it has died too often in a row', () => {
  const clock = new FakeClock()
  const policy = new RestartPolicy({ maxInARow: 3, healthyMs: 1000 }, clock)
  const dieAfter = (ms: number) => {
    clock.advance(ms)
    return policy.mayRestart()
  }
  expect([dieAfter(0), dieAfter(999), dieAfter(10)]).toEqual([true, true, true])
  expect(dieAfter(10)).toBe(false)
})

it('forgives what came before one that lived', () => {
  const clock = new FakeClock()
  const policy = new RestartPolicy({ maxInARow: 1, healthyMs: 1000 }, clock)
  for (let i = 0; i < 10; i++) {
    clock.advance(1000)
    expect(policy.mayRestart()).toBe(true)
  }
  clock.advance(999)
  expect(policy.mayRestart()).toBe(false)
})
