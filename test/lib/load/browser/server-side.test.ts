import { describe, expect, it, onTestFinished } from 'vitest'
import { createApi } from '../../../../src/lib/client/api.ts'
import { ServerSide } from '../../../../src/lib/load/browser/server-side.ts'
import { type Answer, answerJson, startHttpServer } from '../../../support/answering-server.ts'

const offer = ['v=0', 'a=candidate:1 1 udp 1 10.0.0.1 9 typ host', 'a=end-of-candidates', 'a=mid:0', ''].join('\r\n')

const grants: Answer = (asked, response) => {
  if (asked.method !== 'POST') return void response.writeHead(204).end()
  response.writeHead(201, { location: '/whep-session/a', etag: '"e"', link: '<stun:a>; rel="ice-server"' })
  response.end('v=0 from 192.0.2.1')
}

async function server(answer: Answer = grants) {
  const there = await startHttpServer(answer)
  onTestFinished(() => there.stop())
  const side = new ServerSide(createApi({ url: there.url, token: 'secret' }))
  return { side, asked: there.asked }
}

const path = {
  toViewer: async (answer: string) => answer.replace('192.0.2.1', '127.0.0.1'),
  toServer: (sdp: string) => sdp.replaceAll(/a=(candidate|end).*\r\n/g, ''),
  close: async () => {},
}

describe('what the tool does at the server', () => {
  it('offers as the page has it, with the token', async () => {
    const { side, asked } = await server()
    const request = { content: 'bafy/a b.mp4', quality: 'low', loop: true } as const
    expect(await side.offer(request, offer, undefined)).toEqual({
      id: 1,
      answer: 'v=0 from 192.0.2.1',
      links: '<stun:a>; rel="ice-server"',
    })
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/whep/bafy/a%20b.mp4?quality=low&loop=true', body: offer })
    expect(asked[0]!.headers).toMatchObject({ authorization: 'Bearer secret', 'content-type': 'application/sdp' })
  })

  it('trickles candidates to what was granted, and leaves it once', async () => {
    const { side, asked } = await server()
    const { id } = await side.offer({ content: 'bafy' }, offer, undefined)
    await side.trickle(id, 'fragment')
    await side.leave(id)
    await side.leave(id)
    await side.trickle(id, 'late')
    expect(asked.slice(1).map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      'PATCH /whep-session/a fragment',
      'DELETE /whep-session/a ',
    ])
    expect(asked[1]!.headers).toMatchObject({ 'if-match': '"e"', 'content-type': 'application/trickle-ice-sdpfrag' })
  })

  it('by a path tells the server no address of the browser, and the browser only that of the path', async () => {
    const { side, asked } = await server()
    expect(await side.offer({ content: 'bafy' }, offer, path)).toEqual({ id: 1, answer: 'v=0 from 127.0.0.1' })
    await side.trickle(1, 'fragment')
    expect(asked.map(({ body }) => body)).toEqual(['v=0\r\na=mid:0\r\n'])
  })

  it('throws what the server says of an offer, and holds nothing', async () => {
    const { side, asked } = await server((_, response) =>
      answerJson(response, 503, { code: 'TOO_MANY_STREAMS', error: 'full' }),
    )
    await expect(side.offer({ content: 'bafy' }, offer, undefined)).rejects.toMatchObject({ code: 'TOO_MANY_STREAMS' })
    await side.close()
    expect(asked).toHaveLength(1)
  })

  it('leaves all that it holds when it is closed, also where the server does not care', async () => {
    const { side, asked } = await server((request, response) =>
      request.method === 'DELETE' ? answerJson(response, 500, {}) : grants(request, response),
    )
    await side.offer({ content: 'bafy' }, offer, undefined)
    await side.offer({ content: 'bafy' }, offer, undefined)
    await side.close()
    expect(asked.filter(({ method }) => method === 'DELETE')).toHaveLength(2)
  })
})
