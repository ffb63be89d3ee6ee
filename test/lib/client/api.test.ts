// The API client against a real HTTP server: failures keep their code, uploads stream, tokens travel.
import { afterEach, describe, expect, it } from 'vitest'
import { createApi } from '../../../src/lib/client/api.ts'
import { runSelfTest } from '../../../src/lib/client/self-test.ts'
import { openWhep } from '../../../src/lib/client/whep-client.ts'
import { type Answer, answerJson, startHttpServer } from '../../support/answering-server.ts'

let stop: (() => Promise<void>) | undefined
afterEach(async () => {
  await stop?.()
  stop = undefined
})

async function serverThat(answer: Answer) {
  const server = await startHttpServer(answer)
  stop = server.stop
  return server
}

async function* pieces(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text)
}

it('gives its token to no other server that a Location names', async () => {
  const { url, asked } = await serverThat((_asked, response) => answerJson(response, 200, {}))
  const here = createApi({ url, token: 'secret' })
  await here.request(here.address('/whep/x'))
  await createApi({ url: 'http://127.0.0.1:1/', token: 'secret' }).request(`${url}whep/x`)
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', undefined])
})

describe('failures', () => {
  it('names the server nobody answers at', async () => {
    const { url, stop } = await startHttpServer(() => {})
    await stop()
    await expect(createApi({ url }).request('/health')).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      exit: 3,
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it.each([
    [404, { success: false, error: 'nobody has it', code: 'CONTENT_NOT_FOUND', hint: 'try' }, 'CONTENT_NOT_FOUND'],
    [200, { success: false, error: 'bad', code: 'INVALID_CID', hint: 'try' }, 'INVALID_CID'],
    [401, 'go away', 'UNAUTHORIZED'],
    [403, '', 'FORBIDDEN'],
    [429, {}, 'RATE_LIMITED'],
    [500, { code: 'NO_SUCH_CODE' }, 'INTERNAL'],
    [400, [1], 'INVALID_REQUEST'],
  ])('%i with %j is %s', async (status, body, code) => {
    const { url } = await serverThat((_asked, response) => answerJson(response, status, body))
    await expect(createApi({ url }).action('/x')).rejects.toMatchObject({ code })
  })

  it('says the detail of a problem document (RFC 9457)', async () => {
    const problem = {
      type: 'about:blank',
      title: 'INVALID_SDP',
      status: 400,
      detail: 'no media',
      code: 'INVALID_SDP',
      hint: 'x',
    }
    const { url } = await serverThat((_asked, response) => answerJson(response, 400, problem))
    await expect(createApi({ url }).request('/')).rejects.toMatchObject({
      code: 'INVALID_SDP',
      message: 'no media',
      hint: 'x',
    })
  })

  it('ends with the signal', async () => {
    const controller = new AbortController()
    const { url } = await serverThat(() => controller.abort(new Error('enough')))
    await expect(createApi({ url, signal: controller.signal }).request('/')).rejects.toThrow('enough')
  })
})

describe('requests', () => {
  it('carry the token and keep the base path', async () => {
    const { url, asked } = await serverThat((_asked, response) => answerJson(response, 200, { success: true }))
    const api = createApi({ url: `${url}mcpx/`, token: 'secret' })
    await api.action('/api/x', { a: 1 })
    expect(asked[0]).toMatchObject({ url: '/mcpx/api/x', method: 'POST', body: '{"a":1}' })
    expect(asked[0]?.headers.authorization).toBe('Bearer secret')
    expect(api.playerAddress('bafy/a b.mp4')).toBe(`${url}mcpx/player/bafy/a%20b.mp4`)
  })

  it('upload a file in pieces as multipart and say how far they are', async () => {
    const { url, asked } = await serverThat((_asked, response) =>
      answerJson(response, 200, { success: true, cid: 'bafy' }),
    )
    const progress: number[] = []
    const file = { name: 'a"b.mp4', content: pieces('one', 'three') }
    expect(await createApi({ url }).addFiles([file], (bytes) => progress.push(bytes))).toEqual({ cid: 'bafy' })
    expect(progress).toEqual([3, 8])
    const boundary = /boundary=(.+)$/.exec(asked[0]!.headers['content-type']!)![1]
    expect(asked[0]!.body).toMatch(/name="file"; filename="a_b.mp4"\r\n/)
    expect(asked[0]!.body.endsWith(`\r\n\r\nonethree\r\n--${boundary}--\r\n`)).toBe(true)
  })
})

describe('WHEP', () => {
  it('posts the offer, returns the answer and deletes the session', async () => {
    const { url, asked } = await serverThat(({ method }, response) => {
      if (method === 'POST') response.writeHead(201, { location: '/whep-session/7' }).end('v=0\r\nanswer')
      else response.writeHead(200).end()
    })
    const session = await openWhep(
      createApi({ url }),
      { content: 'bafy/a b', startS: 2.5, quality: 'low' },
      'v=0 offer',
    )
    expect(session.answer).toContain('answer')
    await session.close()
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /whep/bafy/a%20b?start=2.5&quality=low',
      'DELETE /whep-session/7',
    ])
    expect(asked[0]).toMatchObject({ body: 'v=0 offer', headers: { 'content-type': 'application/sdp' } })
  })

  it('takes a session that has already ended as closed', async () => {
    const { url } = await serverThat(({ method }, response) => {
      if (method === 'POST') response.writeHead(201, { location: '/s' }).end('v=0')
      else answerJson(response, 404, { success: false, error: 'gone', code: 'STREAM_NOT_FOUND', hint: '' })
    })
    const session = await openWhep(createApi({ url }), { content: 'bafy' }, 'v=0')
    await expect(session.close()).resolves.toBeUndefined()
  })

  it('refuses an answer that is none, and leaves no session behind', async () => {
    const { url, asked } = await serverThat(({ method }, response) => {
      if (method === 'POST') response.writeHead(201, { location: '/s' }).end('<html>')
      else response.writeHead(200).end()
    })
    await expect(openWhep(createApi({ url }), { content: 'x' }, 'v=0')).rejects.toMatchObject({ code: 'INVALID_SDP' })
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /whep/x', 'DELETE /s'])
  })
})

describe('self test', () => {
  it('runs every step through the control routes', async () => {
    const { url, asked } = await serverThat((_asked, response) => {
      answerJson(response, 200, { success: true, connection_id: 'c1' })
    })
    const steps = await runSelfTest(createApi({ url }), () => {})
    expect(steps.map(({ name, passed }) => [name, passed])).toEqual([
      ['test connection', true],
      ['stream the sample', true],
      ['close', true],
      ['close all', true],
    ])
    expect(asked.map(({ url }) => url.replace('/api/v0/webrtc/', ''))).toEqual([
      'test_connection',
      'stream_test_content',
      'close/c1',
      'close_all',
    ])
  })

  it('goes on after a failure and says which step it was', async () => {
    const { url } = await serverThat(({ url }, response) => {
      answerJson(response, 200, {
        success: !url.endsWith('stream_test_content'),
        error: 'no sample',
        code: 'CONTENT_NOT_FOUND',
      })
    })
    const seen: string[] = []
    const steps = await runSelfTest(createApi({ url }), (step) => seen.push(step.name))
    expect(seen).toEqual(['test connection', 'stream the sample', 'close all'])
    expect(steps[1]).toMatchObject({ passed: false, error: { code: 'CONTENT_NOT_FOUND', message: 'no sample' } })
  })
})
