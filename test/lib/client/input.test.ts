// What `mcpx stream` takes: content by form, files by what stands on the disk, web addresses over real HTTP.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openInput } from '../../../src/lib/client/input.ts'
import { startHttpServer } from '../../support/answering-server.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-input-'))
  await writeFile(join(folder, 'clip.mp4'), 'twelve bytes')
  await mkdir(join(folder, 'season/extra'), { recursive: true })
  await mkdir(join(folder, 'empty'))
  await writeFile(join(folder, 'season/extra/b.webm'), 'bbb')
  await writeFile(join(folder, 'season/a.webm'), 'aaa')
  await writeFile(join(folder, 'season/.hidden'), 'x')
})
afterAll(() => rm(folder, { recursive: true }))

async function text(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts).toString()
}

describe('content', () => {
  it.each([
    'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
    'QmNotACid',
    'bafy/dir/a.mp4',
    'ipfs://bafy/a',
    '/ipfs/bafy',
    '/ipns/example.org',
    'https://ipfs.io/ipfs/bafy/a.mp4',
    'https://bafy.ipfs.dweb.link/a.mp4',
  ])('%s is left to the server', async (content) => {
    expect(await openInput(content, folder)).toEqual({ kind: 'content', content })
  })
})

describe('files', () => {
  it.each(['clip.mp4', './clip.mp4'])('%s is read from the disk', async (path) => {
    const input = await openInput(path, folder)
    expect(input).toMatchObject({ kind: 'files', name: 'clip.mp4', sizeBytes: 12 })
    expect(input.kind === 'files' && (await text(input.files[0]!.content))).toBe('twelve bytes')
  })

  it.each(['./none.mp4', 'none.mp4', '/no/such/file.mp4', '~/none', 'empty'])('%s is refused', async (path) => {
    await expect(openInput(path, folder)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

describe('folders', () => {
  it('are their files under one name, in order, without hidden ones', async () => {
    const input = await openInput('season', folder)
    expect(input).toMatchObject({ kind: 'files', name: 'season', sizeBytes: 6 })
    if (input.kind !== 'files') throw new Error('no files')
    expect(input.files.map(({ name }) => name)).toEqual(['season/a.webm', 'season/extra/b.webm'])
    expect(await text(input.files[1]!.content)).toBe('bbb')
  })
})

describe('web addresses', () => {
  it('are downloaded with the name and size they say', async () => {
    const server = await startHttpServer((_asked, response) =>
      response.writeHead(200, { 'content-length': 3 }).end('abc'),
    )
    try {
      const input = await openInput(`${server.url}media/a%20b.webm?x=1`, folder)
      expect(input).toMatchObject({ kind: 'files', name: 'a b.webm', sizeBytes: 3 })
      expect(input.kind === 'files' && (await text(input.files[0]!.content))).toBe('abc')
    } finally {
      await server.stop()
    }
  })

  it('that give no file are named', async () => {
    const server = await startHttpServer((_asked, response) => response.writeHead(404).end())
    await expect(openInput(`${server.url}x`, folder)).rejects.toMatchObject({
      code: 'CONTENT_NOT_FOUND',
      message: /404/,
    })
    await server.stop()
    await expect(openInput(`${server.url}x`, folder)).rejects.toMatchObject({
      code: 'CONTENT_NOT_FOUND',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    // Of the ports that fetch never asks.
    await expect(openInput('http://127.0.0.1:9/x', folder)).rejects.toMatchObject({
      code: 'CONTENT_NOT_FOUND',
      message: 'http://127.0.0.1:9/x: bad port',
    })
  })
})
