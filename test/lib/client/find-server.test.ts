// Finding the server: a name is taken as it is, a file in the repo only when somebody answers there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findServer, parseServerUrl } from '../../../src/lib/client/find-server.ts'
import { formatServerFile, parseServerFile, serverFilePath } from '../../../src/lib/model/server.ts'
import { startHttpServer } from '../../support/answering-server.ts'

let repoPath: string
beforeEach(async () => {
  repoPath = await mkdtemp(join(tmpdir(), 'mcpx-find-'))
})
afterEach(() => rm(repoPath, { recursive: true }))

const leave = (url: string) => writeFile(serverFilePath(repoPath), formatServerFile({ pid: 1, url, startedAt: 2 }))

describe('the running server', () => {
  it('is the one in the repo while it answers, even with a refusal', async () => {
    const server = await startHttpServer((_asked, response) => response.writeHead(401).end())
    try {
      await leave(server.url)
      expect(await findServer({ repoPath })).toBe(server.url)
      expect(server.asked[0]?.url).toBe('/health')
    } finally {
      await server.stop()
    }
  })

  it('is none when nobody answers there', async () => {
    const server = await startHttpServer(() => {})
    await server.stop()
    await leave(server.url)
    expect(await findServer({ repoPath })).toBeUndefined()
  })

  it('is none when its process is gone, whoever answers at its address now', async () => {
    const server = await startHttpServer((_asked, response) => response.end())
    try {
      await leave(server.url)
      expect(await findServer({ repoPath, host: { isAlive: () => false } })).toBeUndefined()
      expect(server.asked).toEqual([])
    } finally {
      await server.stop()
    }
  })

  it('is none without a file', async () => {
    expect(await findServer({ repoPath })).toBeUndefined()
  })

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"pid":1}',
    '{"pid":1,"url":"file:///etc","startedAt":1}',
    '{"pid":"1","url":"http://x","startedAt":1}',
  ])('is none when the file says %j', (text) => expect(parseServerFile(text)).toBeUndefined())
})

describe('a named server', () => {
  it.each([
    ['127.0.0.1:8000', 'http://127.0.0.1:8000/'],
    ['https://example.org/mcpx', 'https://example.org/mcpx'],
    ['[::1]:80', 'http://[::1]/'],
  ])('%s is %s', (text, url) => expect(parseServerUrl(text)).toBe(url))

  it.each(['ftp://x', 'http://', 'http://u:p@x/', 'http://x/?a', 'a b'])('%s is refused', (text) => {
    expect(() => parseServerUrl(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it.each(['http://u:hunter2@x/', 'http://:hunter2@x/', 'u:hunter2@x', 'ftp://u:hunter2@x', 'http://u:hunter2@ x/'])(
    'keeps the password of %s to itself',
    (text) => {
      expect(() => parseServerUrl(text)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.not.stringContaining('hunter2') }),
      )
    },
  )

  it('wins over the running one', async () => {
    await leave('http://127.0.0.1:1/')
    expect(await findServer({ repoPath, server: 'other:9' })).toBe('http://other:9/')
  })
})
