import { expect, it } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { clockCheck } from '../../../../src/lib/checks/server/clock.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

const apart = (ms: number) => ({ ...systemClock, wallMs: () => systemClock.wallMs() + ms })

it('passes clocks that agree', async () => {
  const { url } = await startHttp()
  const found = await runOne(clockCheck, { url })
  expect(found).toMatchObject({ status: 'pass' })
  expect(Math.abs(found.values!.skewMs as number)).toBeLessThan(1000)
})

it.each([
  [120_000, 'ahead'],
  [-120_000, 'behind'],
])('finds a server whose clock is %d ms off', async (ms, word) => {
  const { url } = await startHttp({}, { clock: apart(ms) })
  const found = await runOne(clockCheck, { url })
  expect(found).toMatchObject({ status: 'warn', trouble: 'skew' })
  expect(found.detail).toMatch(new RegExp(`(?:119|120)\\.\\d s ${word}`))
})

it('takes the Date of an answer without a time of its own, and names one without either', async () => {
  const { url } = await startHttp()
  const dated = await startOddProxy(url, {
    answer(_request, response) {
      response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString())
      response.end('no JSON')
      return true
    },
  })
  expect(await runOne(clockCheck, { url: dated })).toMatchObject({ trouble: 'skew' })
  const dateless = await startOddProxy(url, {
    answer(_request, response) {
      response.sendDate = false
      response.end('no JSON')
      return true
    },
  })
  expect(await runOne(clockCheck, { url: dateless })).toMatchObject({ status: 'fail', trouble: 'no-time' })
})
