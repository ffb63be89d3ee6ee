import type { IncomingMessage, ServerResponse } from 'node:http'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { maxBlockBytes } from '../../../src/lib/content/block-hash.ts'
import { type BlockSource, createBlockSources } from '../../../src/lib/content/block-sources.ts'
import { CID, cidText, codecs } from '../../../src/lib/content/cid.ts'
import { createGateway } from '../../../src/lib/content/gateway.ts'
import type { Content } from '../../../src/lib/content/open-store.ts'
import { collect, input, openTestContent, seededBytes } from '../../support/content.ts'
import { createManualClock } from '../../support/content-clock.ts'
import { flood, startGateway, type TestGateway } from '../../support/content-gateway.ts'

const block = seededBytes(10_000)
const cid = CID.createV1(codecs.raw, await sha256.digest(block))
type Answer = (request: IncomingMessage, response: ServerResponse) => void

const serve: Answer = (_request, response) => response.end(block)
const notFound: Answer = (_request, response) => response.writeHead(404).end('no')
const lie: Answer = (_request, response) => response.end(seededBytes(10_000, 2))
const hang: Answer = () => {}
const truncate: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': String(block.length) })
  response.write(block.subarray(0, 100))
  setImmediate(() => response.destroy())
}
const endless: Answer = (_request, response) => flood(response)

const gateways: TestGateway[] = []
const contents: Content[] = []
async function start(...answers: Answer[]): Promise<TestGateway[]> {
  const started = await Promise.all(answers.map((answer) => startGateway(answer)))
  gateways.push(...started)
  return started
}
afterEach(async () => {
  await Promise.all(contents.splice(0).map((content) => content.close()))
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()))
})

/** Sources that hedge after 20 ms, on the real clock: what they talk to is real. */
function sourcesOf(started: readonly TestGateway[], timeoutMs = 10_000) {
  const sources = started.map(({ url }) => createGateway(url))
  return createBlockSources({ sources, clock: systemClock, timeoutMs, hedgeMs: 20 })
}

describe('a trustless gateway', () => {
  it('gives a raw block, which is verified and counted', async () => {
    const [gateway] = await start((request, response) => {
      expect(request.headers.accept).toBe('application/vnd.ipld.raw')
      serve(request, response)
    })
    const sources = sourcesOf([gateway!])
    const found = await sources.fetch(cid)
    expect(Buffer.from(found.bytes).equals(block)).toBe(true)
    expect(found.source).toBe(gateway!.name)
    expect(gateway!.asked).toEqual([`/ipfs/${cidText(cid)}?format=raw`])
    expect(sources.stats().blocks).toEqual({ [gateway!.name]: 1 })
  })

  it.each([
    ['lies', lie, 'CONTENT_CORRUPT'],
    ['has nothing', notFound, 'CONTENT_NOT_FOUND'],
    ['breaks off', truncate, 'CONTENT_NOT_FOUND'],
    ['never stops', endless, 'CONTENT_NOT_FOUND'],
    ['is broken', ((_q, response) => response.writeHead(503).end()) as Answer, 'CONTENT_NOT_FOUND'],
    [
      'sends us elsewhere',
      ((_q, r) => r.writeHead(302, { location: 'http://127.0.0.2:1/x' }).end()) as Answer,
      'CONTENT_NOT_FOUND',
    ],
    ['sends us in circles', ((_q, r) => r.writeHead(302, { location: '/again' }).end()) as Answer, 'CONTENT_NOT_FOUND'],
    ['hangs', hang, 'CONTENT_TIMEOUT'],
  ])('that %s is refused, and named with the CID', async (_what, answer, code) => {
    const [gateway] = await start(answer)
    const error = await sourcesOf([gateway!], answer === hang ? 100 : 10_000)
      .fetch(cid)
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code, message: expect.stringContaining(cidText(cid)) })
    expect(error.message).toContain(gateway!.name)
  })

  it.each([
    ['lies', lie],
    ['has nothing', notFound],
    ['breaks off', truncate],
    ['hangs', hang],
  ])('that %s is made up for by the next one', async (_what, answer) => {
    const [bad, good] = await start(answer, serve)
    expect(await sourcesOf([bad!, good!]).fetch(cid)).toMatchObject({ source: good!.name })
  })

  it('is let go when another one was faster', async () => {
    const [slow, fast] = await start(hang, serve)
    await sourcesOf([slow!, fast!]).fetch(cid)
    await expect.poll(() => slow!.abandoned()).toBe(1)
  })

  it('is let go when the asker leaves', async () => {
    const [slow] = await start(hang)
    const controller = new AbortController()
    const asking = sourcesOf([slow!]).fetch(cid, controller.signal)
    await expect.poll(() => slow!.asked.length).toBe(1)
    controller.abort(new Error('left'))
    await expect(asking).rejects.toThrow('left')
    await expect.poll(() => slow!.abandoned()).toBe(1)
  })

  it('is never read beyond the size of a block', async () => {
    let sent = 0
    const [gateway] = await start((_request, response) =>
      flood(response, (bytes) => {
        sent += bytes
      }),
    )
    await expect(createGateway(gateway!.url).fetch(cid, AbortSignal.timeout(5000))).rejects.toThrow('more than')
    expect(sent).toBeLessThan(maxBlockBytes * 3)
  })

  it.each(['ftp://x', 'nonsense', 'https://x/?y'])('is not %s', (address) => {
    expect(() => createGateway(address)).toThrow(address)
  })

  it('takes no password, and says none', () => {
    expect(() => createGateway('http://u:hunter2@x')).toThrow('"http://x" is a gateway address only without')
  })
})

describe('block sources', () => {
  const source = (name: string, fetch: BlockSource['fetch']): BlockSource => ({ name, fetch })

  it('ask the next one after the hedge, not before', async () => {
    const clock = createManualClock()
    const asked: string[] = []
    const never = (name: string) =>
      source(name, () => {
        asked.push(name)
        return new Promise(() => {})
      })
    const sources = createBlockSources({ sources: [never('a'), never('b'), never('c')], clock, timeoutMs: 10_000 })
    const result = sources.fetch(cid).catch((error) => error)
    await expect.poll(() => asked).toEqual(['a'])
    clock.advance(1499)
    expect(asked).toEqual(['a'])
    clock.advance(1)
    expect(asked).toEqual(['a', 'b'])
    clock.advance(1500)
    expect(asked).toEqual(['a', 'b', 'c'])
    clock.advance(7000)
    expect(await result).toMatchObject({ code: 'CONTENT_TIMEOUT', message: expect.stringContaining('a, b, c') })
  })

  it('look for no more blocks at once than they may', async () => {
    let running = 0
    let most = 0
    const slow = source('slow', async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return block
    })
    const sources = createBlockSources({ sources: [slow], clock: systemClock, timeoutMs: 1000, atOnce: 3 })
    await Promise.all(Array.from({ length: 20 }, () => sources.fetch(cid)))
    expect(most).toBe(3)
  })

  it('say that there is nobody to ask', async () => {
    const sources = createBlockSources({ sources: [], clock: systemClock, timeoutMs: 1000 })
    await expect(sources.fetch(cid)).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
  })
})

describe('a store with a gateway', () => {
  it('plays what only the gateway has, block by block, and fetches no block twice', async () => {
    const origin = await openTestContent()
    contents.push(origin)
    const bytes = seededBytes(3_000_000)
    const { cid: root } = await origin.store.add([input('d/film.mp4', bytes), input('d/x.txt', 'x')])
    const [gateway] = await start((request, response) => {
      const text = /^\/ipfs\/([^?/]+)\?format=raw$/.exec(request.url ?? '')?.[1] ?? ''
      void origin.store.getBlock(text, { local: true }).then(
        (found) => response.end(found),
        () => response.writeHead(404).end(),
      )
    })
    const viewer = await openTestContent({ gateways: [gateway!.url] })
    contents.push(viewer)
    const { cid: film } = await viewer.store.resolve(`${root}/film.mp4`)
    const [one, two] = await Promise.all([collect(viewer.store.read(film)), collect(viewer.store.read(film))])
    expect(one.equals(bytes) && two.equals(bytes)).toBe(true)
    expect(new Set(gateway!.asked).size).toBe(gateway!.asked.length)
    expect(viewer.stats().blocksBySource).toEqual({ [gateway!.name]: gateway!.asked.length })
  })

  it('reads one percent of a file without fetching the rest', async () => {
    const origin = await openTestContent()
    contents.push(origin)
    const { cid: root } = await origin.store.add([input('film.mp4', seededBytes(20_000_000))])
    const [gateway] = await start((request, response) => {
      const wanted = /^\/ipfs\/([^?/]+)/.exec(request.url ?? '')![1]!
      void origin.store.getBlock(wanted, { local: true }).then((found) => response.end(found))
    })
    const viewer = await openTestContent({ gateways: [gateway!.url] })
    contents.push(viewer)
    let read = 0
    for await (const piece of viewer.store.read(root)) {
      read += piece.length
      if (read >= 200_000) break
    }
    // The root, the piece that was read and the read-ahead of three.
    expect(gateway!.asked.length).toBeLessThanOrEqual(5)
  })

  it('asks a source that is handed in before the gateways, and keeps what it gave under its name', async () => {
    const [gateway] = await start(serve)
    const origin = await openTestContent()
    contents.push(origin)
    const bytes = seededBytes(600_000, 5)
    const { cid: root } = await origin.store.add([input('film.mp4', bytes)])
    const asked: string[] = []
    const swarm: BlockSource = {
      name: 'swarm',
      async fetch(wanted) {
        asked.push(cidText(wanted))
        return origin.store.getBlock(cidText(wanted), { local: true })
      },
    }
    const content = await openTestContent({ gateways: [gateway!.url] }, [swarm])
    contents.push(content)
    expect((await collect(content.store.read(root))).equals(bytes)).toBe(true)
    expect(content.stats().blocksBySource).toEqual({ swarm: asked.length })
    expect(gateway!.asked).toEqual([])
    expect((await content.store.getBlock(root, { local: true })).length).toBeGreaterThan(0)
  })

  it('asks nobody when it is offline', async () => {
    const [gateway] = await start(serve)
    const content = await openTestContent({ gateways: [gateway!.url], offline: true })
    contents.push(content)
    await expect(content.store.ensureBlock(cidText(cid))).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
    expect(gateway!.asked).toEqual([])
  })
})
