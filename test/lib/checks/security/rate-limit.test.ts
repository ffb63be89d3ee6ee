import { describe, expect, it } from 'vitest'
import { rateLimitCheck } from '../../../../src/lib/checks/security/rate-limit.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { outsideUrl, startOddProxy } from '../../../support/odd-proxy.ts'

describe('the rate limit', () => {
  it('is seen by what is left, and nobody runs into it', async () => {
    const { url, get } = await startHttp({ rateLimit: 100 })
    const found = await runOne(rateLimitCheck, { url })
    expect(found).toMatchObject({ status: 'pass', values: { limit: 100 } })
    const answer = await get('/api/v0')
    expect(answer.headers.get('ratelimit-limit')).toBe('100')
    expect(Number(answer.headers.get('ratelimit-remaining'))).toBe((found.values!.remaining as number) - 1)
    expect(Number(answer.headers.get('ratelimit-reset'))).toBeGreaterThan(0)
  })

  it('that is reached answers 429 with Retry-After', async () => {
    const { url, get } = await startHttp({ rateLimit: 2 })
    for (let count = 0; count < 3; count++) await get('/api/v0')
    expect(await runOne(rateLimitCheck, { url })).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('429'),
    })
    const proxy = await startOddProxy(url, { answered: ({ 'retry-after': _, ...headers }) => headers })
    expect(await runOne(rateLimitCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble: 'no-retry-after' })
  })

  it('may be off on loopback, with a warning, and nowhere else', async () => {
    const { url } = await startHttp({ rateLimit: 0, host: '0.0.0.0', insecure: true })
    expect(await runOne(rateLimitCheck, { url })).toMatchObject({ status: 'warn', trouble: 'none' })
    expect(await runOne(rateLimitCheck, { url: outsideUrl(url) })).toMatchObject({ status: 'fail', trouble: 'none' })
  })

  it('does not go down behind a cache', async () => {
    const { url } = await startHttp({ rateLimit: 100 })
    const proxy = await startOddProxy(url, { answered: (headers) => ({ ...headers, 'ratelimit-remaining': '99' }) })
    expect(await runOne(rateLimitCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble: 'not-counted' })
  })
})
