import { describe, expect, it } from 'vitest'
import { createNameResolver } from '../../../src/lib/content/names.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

function resolverOf(links: Record<string, string>) {
  const asked: string[] = []
  const resolve = createNameResolver({
    gateways: [],
    offline: false,
    clock: new FakeClock(),
    timeoutMs: 1000,
    async resolveTxt(host) {
      asked.push(host)
      return [[`dnslink=${links[host.replace('_dnslink.', '')]}`]]
    },
  })
  return { resolve, asked }
}

describe('names that lead to names', () => {
  it('are followed, and what each adds to the path is kept', async () => {
    const { resolve } = resolverOf({ 'a.example': '/ipns/b.example/x', 'b.example': `/ipfs/${cid}/y` })
    const found = await resolve('a.example')
    expect([found.root.toString(), found.path]).toEqual([cid, ['y', 'x']])
  })

  it.each([
    ['in a circle', { 'a.example': '/ipns/b.example', 'b.example': '/ipns/a.example' }],
    ['to themselves, with a longer path each time', { 'a.example': '/ipns/a.example/and/so/on' }],
  ])('%s are given up after a few steps', async (_, links: Record<string, string>) => {
    const { resolve, asked } = resolverOf(links)
    await expect(resolve('a.example')).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
    expect(asked).toHaveLength(8)
  })
})
