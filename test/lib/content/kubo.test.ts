import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseCid } from '../../../src/lib/content/cid.ts'
import { createKubo } from '../../../src/lib/content/kubo.ts'
import type { Content } from '../../../src/lib/content/open-store.ts'
import { collect, input, openTestContent, seededBytes } from '../../support/content.ts'
import { createManualClock } from '../../support/content-clock.ts'
import { flood, startGateway, type TestGateway } from '../../support/content-gateway.ts'
import { type KuboDaemon, kuboOrSkip, startKubo } from '../../support/kubo.ts'

const binary = kuboOrSkip()
const contents: Content[] = []
const gateways: TestGateway[] = []
const open = async (overrides: Parameters<typeof openTestContent>[0]) => {
  const content = await openTestContent(overrides)
  contents.push(content)
  return content
}
afterEach(async () => {
  await Promise.all(contents.splice(0).map((content) => content.close()))
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()))
})

describe('an address of a Kubo daemon', () => {
  const options = { clock: createManualClock(), timeoutMs: 1000 }

  it.each(['nonsense', 'ftp://x', '/ip4/127.0.0.1/udp/5001'])('is not %s', (address) => {
    expect(() => createKubo({ address, ...options })).toThrow(address)
  })

  it.each([
    ['http://127.0.0.1:1', 'http://127.0.0.1:1'],
    ['/ip4/127.0.0.1/tcp/1', 'http://127.0.0.1:1'],
    ['/ip6/::1/tcp/1/http', 'http://[::1]:1'],
  ])('as %s is named when nobody is there', async (address, url) => {
    const error = await createKubo({ address, ...options })
      .version()
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'KUBO_UNREACHABLE', message: expect.stringContaining(url) })
  })

  it('that never answers is given up at the deadline', async () => {
    const silent = await startGateway(() => {})
    gateways.push(silent)
    const clock = createManualClock()
    const answer = createKubo({ address: silent.url, clock, timeoutMs: 1000 })
      .version()
      .catch((error) => error)
    await expect.poll(() => silent.asked.length).toBe(1)
    clock.advance(1000)
    expect(await answer).toMatchObject({ code: 'CONTENT_TIMEOUT', message: expect.stringContaining(silent.url) })
  })

  it('that sends a block of any size, or none at all, is not believed', async () => {
    const endless = await startGateway((_request, response) => flood(response))
    const web = await startGateway((_request, response) => response.writeHead(404).end('404 page not found'))
    gateways.push(endless, web)
    const cid = parseCid('bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4')
    const fetchFrom = ({ url }: TestGateway) =>
      createKubo({ address: url, ...options }).blockSource.fetch(cid, AbortSignal.timeout(10_000))
    await expect(fetchFrom(endless)).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
    await expect(fetchFrom(web)).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
  })

  it('stops a start when it is down', async () => {
    await expect(openTestContent({ ipfsApi: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
  })
})

describe.skipIf(!binary)('a real Kubo daemon', () => {
  let daemon: KuboDaemon
  beforeAll(async () => {
    daemon = await startKubo(binary!)
  })
  afterAll(() => daemon.stop())

  it('and the embedded store give the same CIDs to the same files', async () => {
    const kubo = await open({ ipfsApi: daemon.api })
    const embedded = await open({})
    for (const cidVersion of [0, 1] as const) {
      const files = () => [
        input('d/large.bin', seededBytes(1_500_000)),
        input('d/sub/small.bin', seededBytes(100)),
        input('d/ünï çödé.txt', 'x'),
      ]
      expect(await kubo.store.add(files(), { cidVersion })).toEqual(await embedded.store.add(files(), { cidVersion }))
    }
    const large = 50_000_000
    const one = () => [input('one.bin', seededBytes(large), 1_000_000)]
    expect(await kubo.store.add(one())).toEqual(await embedded.store.add(one()))
  })

  it('serves its own gateway to a store without a daemon', async () => {
    const kubo = await open({ ipfsApi: daemon.api })
    const bytes = seededBytes(1_000_000, 5)
    const { cid } = await kubo.store.add([input('a.bin', bytes)])
    const viewer = await open({ gateways: [daemon.gateway] })
    expect((await collect(viewer.store.read(cid))).equals(bytes)).toBe(true)
    expect(Object.keys(viewer.stats().blocksBySource)).toEqual([`gateway:${new URL(daemon.gateway).host}`])
  })

  it('that dies in the middle of a read ends it with a clear error, and serves again when it is back', async () => {
    const content = await open({ ipfsApi: daemon.api })
    const bytes = seededBytes(8_000_000, 6)
    const { cid } = await content.store.add([input('a.bin', bytes)])
    let read = 0
    const reading = (async () => {
      for await (const piece of content.store.read(cid)) {
        if (read === 0) await daemon.kill()
        read += piece.length
      }
    })()
    const error = await reading.catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'KUBO_UNREACHABLE', message: expect.stringContaining(daemon.api) })
    expect(read).toBeLessThan(bytes.length)
    await expect(content.store.add([input('b', 'b')])).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
    await expect(content.store.pins()).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
    await daemon.restart()
    expect((await collect(content.store.read(cid))).equals(bytes)).toBe(true)
    expect(await content.store.pins()).toContain(cid)
  })

  it('that dies in the middle of an add ends it with a clear error', async () => {
    const content = await open({ ipfsApi: daemon.api })
    async function* endless() {
      for (let seed = 1; ; seed++) {
        if (seed === 20) await daemon.kill()
        yield seededBytes(65_536, seed)
      }
    }
    const adding = content.store.add([{ path: 'x', content: endless() }])
    await expect(adding).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
    await daemon.restart()
  })

  it('resolves names, and its signed records are believed from a gateway and forged ones are not', async () => {
    const kubo = await open({ ipfsApi: daemon.api })
    const { cid } = await kubo.store.add([input('d/film.mp4', seededBytes(1000)), input('d/a.txt', 'a')])
    const published = await daemon.ipfs(
      'name',
      'publish',
      '--allow-offline',
      '--quieter',
      '--lifetime=48h',
      `/ipfs/${cid}`,
    )
    const name = published.trim()
    expect(await kubo.store.resolve(`/ipns/${name}/film.mp4`)).toMatchObject({
      path: `${cid}/film.mp4`,
      sizeBytes: 1000,
    })

    const viewer = await open({ gateways: [daemon.gateway] })
    expect(await viewer.store.resolve(`ipns://${name}/film.mp4`)).toMatchObject({ path: `${cid}/film.mp4` })

    const answer = await fetch(`${daemon.gateway}/ipns/${name}?format=ipns-record`)
    const record = Buffer.from(await answer.arrayBuffer())
    const other = await daemon.ipfs('key', 'gen', 'other')
    const forged = Buffer.from(record)
    forged[forged.length - 20]! ^= 1
    for (const [asked, sent, code] of [
      [name, forged, 'CONTENT_CORRUPT'],
      [other.trim(), record, 'CONTENT_CORRUPT'],
      [name, Buffer.alloc(20_000), 'CONTENT_NOT_FOUND'],
    ] as const) {
      const liar = await startGateway((_request, response) => response.end(sent))
      gateways.push(liar)
      const victim = await open({ gateways: [liar.url] })
      await expect(victim.store.resolve(`/ipns/${asked}`)).rejects.toMatchObject({ code })
    }
    const offline = await open({ offline: true, gateways: [daemon.gateway] })
    await expect(offline.store.resolve(`/ipns/${name}`)).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
  })
})
