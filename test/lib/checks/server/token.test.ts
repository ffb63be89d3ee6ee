import { expect, it } from 'vitest'
import { tokenCheck } from '../../../../src/lib/checks/server/token.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp, token } from '../../../support/http-api.ts'

/** A server with a token, and what makes narrower ones. */
async function start() {
  const { url, post } = await startHttp({ authToken: token })
  const make = async (body: object): Promise<string> => {
    const answer = await post('/api/v0/tokens', body, { headers: { authorization: `Bearer ${token}` } })
    return ((await answer.json()) as { token: string }).token
  }
  return { url, make }
}

it('passes a server without a token, and the token of one', async () => {
  expect(await runOne(tokenCheck, { url: (await startHttp()).url })).toMatchObject({ status: 'pass' })
  const { url } = await start()
  expect(await runOne(tokenCheck, { url, token })).toMatchObject({ status: 'pass', detail: 'admin' })
})

it('names a token that is missing or wrong', async () => {
  const { url } = await start()
  expect(await runOne(tokenCheck, { url })).toMatchObject({ status: 'fail', trouble: 'missing' })
  const wrong = await runOne(tokenCheck, { url, token: 'not-this-one' })
  expect(wrong).toMatchObject({ status: 'fail', trouble: 'refused' })
  expect(JSON.stringify(wrong)).not.toContain('not-this-one')
})

it('says what a narrow token may, and that one ends', async () => {
  const { url, make } = await start()
  const month = 30 * 86_400
  const viewer = await make({ role: 'viewer', expires_in: month })
  expect(await runOne(tokenCheck, { url, token: viewer })).toMatchObject({ status: 'warn', trouble: 'narrow' })
  const cid = 'bafybeihbcfzbay5n3uehiqr2d76sgcjek537tzb5u32oz7lujzvsakp42e'
  const one = await make({ role: 'operator', cid, expires_in: month })
  expect(await runOne(tokenCheck, { url, token: one })).toMatchObject({
    trouble: 'narrow',
    detail: `operator, for ${cid} only`,
  })
  const short = await make({ role: 'operator', expires_in: 3600 })
  expect(await runOne(tokenCheck, { url, token: short })).toMatchObject({ status: 'warn', trouble: 'expires-soon' })
  const long = await make({ role: 'operator', expires_in: month })
  expect(await runOne(tokenCheck, { url, token: long })).toMatchObject({ status: 'pass', detail: 'operator' })
})
