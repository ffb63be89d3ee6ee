import { expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { WaterfallStep } from '../../../src/lib/protocol/waterfall.ts'
import { startHttp, token } from '../../support/http-api.ts'

const step: WaterfallStep = { step: 'found', where: 'server', status: 'done', startMs: 0, ms: 1.5, detail: 'here' }
const address = '/api/v0/checks/content?content=bafy%2Fclip.mp4'

it('tells operators the steps of a content, and nobody else', async () => {
  const asked: string[] = []
  const { get, post } = await startHttp(
    { authToken: token },
    {
      async traceContent(content) {
        asked.push(content)
        return [step]
      },
    },
  )
  const as = (bearer: string) => ({ headers: { authorization: `Bearer ${bearer}` } })
  const viewer = (await (await post('/api/v0/tokens', { role: 'viewer' }, as(token))).json()) as { token: string }
  expect((await get(address)).status).toBe(401)
  expect((await get(address, as(viewer.token))).status).toBe(403)
  const answer = await get(address, as(token))
  expect(await answer.json()).toEqual({ success: true, steps: [step] })
  expect(asked).toEqual(['bafy/clip.mp4'])
  for (const query of ['', '?content=', `?content=${'x'.repeat(5000)}`])
    expect((await get(`/api/v0/checks/content${query}`, as(token))).status).toBe(400)
})

it('says when one is under way, and is not there where nobody can trace', async () => {
  const busy = await startHttp({}, { traceContent: () => Promise.reject(new McpxError('RATE_LIMITED', 'busy')) })
  expect((await busy.get(address)).status).toBe(429)
  expect((await (await startHttp()).get(address)).status).toBe(404)
})
