// The requests of the player against a real HTTP server.
import { afterEach, describe, expect, it } from 'vitest'
import { leave, postOffer, WhepRefused } from '../../../../src/web/player/whep.ts'
import { type Answer, answerJson, startHttpServer } from '../../../support/answering-server.ts'

let server: Awaited<ReturnType<typeof startHttpServer>>
afterEach(() => server.stop())

async function offerTo(answer: Answer, signal = new AbortController().signal) {
  server = await startHttpServer(answer)
  const base = server.url.replace(/\/$/, '/mcpx')
  return postOffer({ base, content: 'bafy/a b.mp4', startS: 1.5 }, 'v=0 offer', signal)
}

describe('an offer', () => {
  it('brings the answer, where the session is, and which servers help to reach it', async () => {
    const granted = await offerTo((_asked, response) => {
      const link =
        '<stun:stun.example.org>; rel="ice-server", <turn:t.example.org>; rel="ice-server"; username="u"; credential="c\\"d"'
      response.writeHead(201, { location: '/mcpx/session/7', etag: '"e1"', link }).end('v=0 answer')
    })
    expect(granted).toEqual({
      sdp: 'v=0 answer',
      sessionUrl: `${server.url}mcpx/session/7`,
      etag: '"e1"',
      iceServers: [{ urls: 'stun:stun.example.org' }, { urls: 'turn:t.example.org', username: 'u', credential: 'c"d' }],
    })
    expect(server.asked).toMatchObject([
      { method: 'POST', url: '/mcpx/whep/bafy/a%20b.mp4?start=1.500', body: 'v=0 offer' },
    ])
    expect(server.asked[0]!.headers['content-type']).toBe('application/sdp')
  })

  it('may be answered by a server that says no more than it must', async () => {
    expect(await offerTo((_asked, response) => response.writeHead(201).end('v=0'))).toEqual({
      sdp: 'v=0',
      iceServers: [],
    })
  })

  it.each([
    [
      404,
      { code: 'CONTENT_NOT_FOUND', detail: 'nobody has it', hint: 'add it' },
      { code: 'CONTENT_NOT_FOUND', hint: 'add it' },
    ],
    [503, '<html>no</html>', { message: undefined }],
    [500, null, { code: undefined }],
  ])('that is refused with %i says why', async (status, body, told) => {
    const refused = await offerTo((_asked, response) => answerJson(response, status, body)).catch(
      (error: unknown) => error,
    )
    expect(refused).toBeInstanceOf(WhepRefused)
    const { answer } = refused as WhepRefused
    expect(answer.status).toBe(status)
    for (const [name, value] of Object.entries(told)) expect(answer[name as keyof typeof answer]).toBe(value)
  })

  it('ends with its signal', async () => {
    const controller = new AbortController()
    await expect(offerTo(() => controller.abort(new Error('enough')), controller.signal)).rejects.toThrow('enough')
  })
})

describe('leaving', () => {
  it('asks for the end of the session, and hears of no failure', async () => {
    const deleted = Promise.withResolvers<string>()
    server = await startHttpServer(({ method, url }, response) => {
      deleted.resolve(`${method} ${url}`)
      response.writeHead(500).end()
    })
    leave(`${server.url}session/7`)
    expect(await deleted.promise).toBe('DELETE /session/7')
    leave('http://127.0.0.1:1/nobody')
  })
})
