import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { Check } from '../../../src/lib/checks/check.ts'
import { runChecks } from '../../../src/lib/checks/run-checks.ts'
import { noSettings } from '../../support/checks.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const check = (name: string, run: Check['run'], more: Partial<Check> = {}): Check => ({
  name,
  group: 'server',
  title: name,
  about: name,
  where: 'here',
  needs: [],
  deadlineS: 5,
  troubles: { lost: { cause: 'It is lost.', fix: 'Find it.' } },
  run,
  ...more,
})
const passing = (name: string, more: Partial<Check> = {}) =>
  check(name, async () => ({ status: 'pass', detail: 'well' }), more)

function start(checks: readonly Check[], signal = new AbortController().signal) {
  const clock = new FakeClock()
  const results = runChecks({ checks, context: { clock, settings: noSettings }, where: 'here', signal })
  return { clock, results }
}
const turns = () => new Promise((turned) => setImmediate(turned))

describe('runChecks', () => {
  it('gives every finding the words of its trouble, in the order of the checks', async () => {
    const slow = check('slow', async () => {
      await turns()
      return [
        { status: 'pass', detail: 'a', subject: 'one' },
        { status: 'fail', detail: 'b', subject: 'two', trouble: 'lost' },
      ]
    })
    const found = await start([slow, passing('quick')]).results
    expect(found.map(({ check, detail }) => [check, detail])).toEqual([
      ['slow', 'a'],
      ['slow', 'b'],
      ['quick', 'well'],
    ])
    expect(found[1]).toMatchObject({ cause: 'It is lost.', fix: 'Find it.' })
    expect(found[0]).not.toHaveProperty('cause')
  })

  it('fails a check that is not over by its deadline, tells it so, and goes on', async () => {
    let reason: unknown
    const hanging = check('hanging', ({ signal }) => {
      signal.addEventListener('abort', () => (reason = signal.reason))
      return new Promise(() => {})
    })
    const { clock, results } = start([hanging, passing('next')])
    await turns()
    clock.advance(4999)
    expect(reason).toBeUndefined()
    clock.advance(1)
    const found = await results
    expect(found[0]).toMatchObject({
      status: 'fail',
      trouble: 'timeout',
      detail: 'not over within 5 s',
      elapsedMs: 5000,
    })
    expect(found[0]!.fix).toMatch(/--deadline/)
    expect(found[1]).toMatchObject({ status: 'pass' })
    expect(reason).toBeInstanceOf(Error)
  })

  it('makes a failure of what a check throws, with the hint of an error that is known', async () => {
    const found = await start([
      check('known', async () => Promise.reject(new McpxError('KUBO_UNREACHABLE', 'no answer'))),
      check('unknown', async () => Promise.reject(new TypeError('x is not a function'))),
    ]).results
    expect(found[0]).toMatchObject({
      status: 'fail',
      trouble: 'error',
      detail: 'no answer',
      fix: expect.stringContaining('ipfs daemon'),
    })
    expect(found[1]).toMatchObject({ status: 'fail', trouble: 'error', fix: expect.stringContaining('--debug') })
  })

  it('skips what needs a server without one, and says why', async () => {
    const found = await start([passing('remote', { needs: ['access'] })]).results
    expect(found[0]).toMatchObject({ status: 'skipped', detail: expect.stringContaining('--server') })
  })

  it('runs side by side, but those that measure alone and last', async () => {
    const running = new Set<string>()
    const seen: Record<string, number> = {}
    const noting = (name: string, more: Partial<Check> = {}) =>
      check(
        name,
        async () => {
          running.add(name)
          await turns()
          seen[name] = running.size
          await turns()
          running.delete(name)
          return { status: 'pass', detail: '' }
        },
        more,
      )
    await start([noting('alone', { disturbs: true }), noting('a'), noting('b'), noting('other', { disturbs: true })])
      .results
    expect(seen).toEqual({ a: 2, b: 2, alone: 1, other: 1 })
  })

  it('rejects with the reason of its signal', async () => {
    const stop = new AbortController()
    const { results } = start(
      [check('hanging', () => new Promise(() => {})), passing('later', { disturbs: true })],
      stop.signal,
    )
    await turns()
    stop.abort(new McpxError('INTERRUPTED', 'enough'))
    await expect(results).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })
})
