import { expect, it } from 'vitest'
import type { ServerInside } from '../../../../src/lib/checks/context.ts'
import { bindCheck } from '../../../../src/lib/checks/security/bind.ts'
import { runOne } from '../../../support/checks.ts'

const strong = '0123456789abcdef-x'
const check = (host: string, authToken?: string) =>
  runOne(bindCheck, { inside: { host, authToken } as unknown as ServerInside })

it.each([
  ['127.0.0.1', undefined, 'pass', undefined],
  ['localhost', strong, 'pass', undefined],
  ['0.0.0.0', strong, 'pass', undefined],
  ['0.0.0.0', undefined, 'fail', 'open'],
  ['', undefined, 'fail', 'open'],
  ['192.0.2.1', 'hunter2', 'fail', 'weak-token'],
  ['127.0.0.1', 'aaaaaaaaaaaaaaaaaaaa', 'warn', 'weak-token'],
])('of %j with the token %j is %s', async (host, token, status, trouble) => {
  const found = await check(host, token)
  expect([found.status, found.trouble]).toEqual([status, trouble])
  if (token) expect(JSON.stringify(found)).not.toContain(token)
})
