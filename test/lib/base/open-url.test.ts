// Opening a browser: the system's program gets the address, and only an address.
import { expect, it } from 'vitest'
import { openerFor, openUrl } from '../../../src/lib/base/open-url.ts'

it.each([
  ['linux', ['xdg-open', 'http://x/']],
  ['darwin', ['open', 'http://x/']],
  ['win32', ['rundll32', 'url.dll,FileProtocolHandler', 'http://x/']],
] as const)('on %s runs %j', (platform, command) => expect(openerFor('http://x/', platform)).toEqual(command))

it('says whether a program could be started', async () => {
  expect(await openUrl('http://x/', ['true'])).toBe(true)
  expect(await openUrl('http://x/', ['no-such-program-here'])).toBe(false)
})

it('opens nothing but http addresses', async () => {
  expect(await openUrl('file:///etc/passwd', ['true'])).toBe(false)
  expect(await openUrl('--help', ['true'])).toBe(false)
})
