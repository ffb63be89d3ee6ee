import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { openContent } from '../../../src/lib/content/open-store.ts'
import { startHttp } from '../../support/http-api.ts'
import { createMemoryEngine, type MemoryEngine } from '../../support/http-engine.ts'

async function startWithRepo() {
  const repoPath = await mkdtemp(join(tmpdir(), 'mcpx-http-'))
  const options = { repoPath, isolation: false, gateways: [], offline: true, fetchTimeoutMs: 1000 }
  const bounds = { memoryCacheBytes: 2 ** 24, diskCacheBytes: 2 ** 30 }
  const content = await openContent({ ...options, ...bounds }, { clock: systemClock, logger: silentLogger })
  onTestFinished(async () => {
    await content.close()
    await rm(repoPath, { recursive: true })
  })
  const engine = { ...createMemoryEngine(), store: content.store } as unknown as MemoryEngine
  return startHttp({}, { engine })
}

const film = Buffer.from(Array.from({ length: 1_500_000 }, (_, i) => (i * 7919) % 256))

it('what is uploaded to a real store comes back under its CID, in any range', async () => {
  const { get, post } = await startWithRepo()
  const body = new FormData()
  body.set('file', new Blob([film]), 'film.mp4')
  const added = (await (await get('/api/v0/ipfs/add', { method: 'POST', body })).json()) as Record<string, unknown>
  expect(added).toMatchObject({ success: true, content_size_bytes: film.length })
  const cid = added.cid as string
  for (const [range, start, end] of [
    ['bytes=0-0', 0, 1],
    ['bytes=262143-262145', 262_143, 262_146],
    ['bytes=1000000-', 1_000_000, film.length],
    ['bytes=-5', film.length - 5, film.length],
  ] as const) {
    const part = await get(`/ipfs/${cid}`, { headers: { range } })
    expect(part.status).toBe(206)
    expect(Buffer.from(await part.arrayBuffer()).equals(film.subarray(start, end)), range).toBe(true)
  }
  const again = (await (await post('/api/v0/ipfs/add/json', { content: 'hello' })).json()) as { cid: string }
  expect(await (await get(`/api/v0/ipfs/cat/${again.cid}`)).text()).toBe('hello')
  const { pins } = (await (await get('/api/v0/ipfs/pins')).json()) as { pins: string[] }
  expect(pins).toEqual(expect.arrayContaining([cid, again.cid]))
  expect((await post('/api/v0/ipfs/unpin', { cid })).status).toBe(200)
})

it('several files make a directory whose files have addresses', async () => {
  const { get } = await startWithRepo()
  const body = new FormData()
  body.set('a', new Blob(['first']), 'a.txt')
  body.set('b', new Blob([film]), 'b c.mp4')
  const { cid } = (await (await get('/api/v0/ipfs/add', { method: 'POST', body })).json()) as { cid: string }
  const text = await get(`/ipfs/${cid}/a.txt`)
  expect([text.headers.get('content-type'), await text.text()]).toEqual(['text/plain; charset=utf-8', 'first'])
  const head = await get(`/ipfs/${cid}/b%20c.mp4`, { method: 'HEAD' })
  expect([head.headers.get('content-type'), head.headers.get('content-length')]).toEqual([
    'video/mp4',
    `${film.length}`,
  ])
  expect((await get(`/ipfs/${cid}/none.txt`)).status).toBe(404)
  expect((await get(`/ipfs/${cid}`)).status).toBe(409)
})

it('an upload that is cut or too large leaves nothing pinned', async () => {
  const { get } = await startWithRepo()
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const start = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
  const cut = await get('/api/v0/ipfs/add', { method: 'POST', headers, body: `${start}${'y'.repeat(300_000)}` })
  expect([cut.status, ((await cut.json()) as { code: string }).code]).toEqual([400, 'INVALID_REQUEST'])
  expect(await (await get('/api/v0/ipfs/pins')).json()).toMatchObject({ count: 0 })
})

it('content that is no CID, or that nobody has, is said by a real store', async () => {
  const { get } = await startWithRepo()
  expect((await get('/ipfs/QmNotACid')).status).toBe(400)
  const missing = await get('/ipfs/bafybeihkoviema7g3gxyt6la7vd5ho32ictqbilu3wnlo3rs7ewhnp7lly')
  expect([404, 504]).toContain(missing.status)
})
