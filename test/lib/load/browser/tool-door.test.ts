import { afterEach, describe, expect, it } from 'vitest'
import { McpxError } from '../../../../src/lib/base/errors.ts'
import { openToolDoor, type ToolDoor } from '../../../../src/lib/load/browser/tool-door.ts'
import type { BrowserRecord } from '../../../../src/lib/protocol/browser-records.ts'
import { recordOf } from '../../../support/browser-record.ts'
import { until } from '../../../support/e2e.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function open() {
  const said: unknown[] = []
  const records: BrowserRecord[] = []
  const door: ToolDoor = await openToolDoor({
    html: '<p>page</p>',
    clock: new FakeClock(1234.5),
    onPage: () => said.push('page'),
    onPageGone: () => said.push('gone'),
    onRecords: (some) => records.push(...some),
    async offer(session, sdp) {
      if (sdp === 'bad') throw new McpxError('CODEC_UNSUPPORTED', 'no codec', { hint: 'another' })
      said.push(['offer', session, sdp])
      return { id: 31, answer: 'answer', links: '<stun:a>; rel="ice-server"' }
    },
    trickle: async (grant, fragment) => void said.push(['trickle', grant, fragment]),
    leave: (grant) => void said.push(['leave', grant]),
  })
  closing.push(() => door.close())
  return { door, said, records, at: (path: string) => door.url.replace(/\/$/, path) }
}

const post = (url: string, body: string, headers = {}) => fetch(url, { method: 'POST', body, headers })

describe('the door of the tool', () => {
  it('is on loopback, at an address of its own each time that nobody guesses', async () => {
    const [one, other] = [await open(), await open()]
    const { hostname, pathname } = new URL(one.door.url)
    expect(hostname).toBe('127.0.0.1')
    expect(pathname).toMatch(/^\/[\w-]{32}\/$/)
    expect(new URL(other.door.url).pathname).not.toBe(pathname)
    for (const path of ['/', '/clock', '/orders', '/favicon.ico', `${pathname.slice(0, -2)}x/clock`])
      expect((await fetch(new URL(path, one.door.url))).status).toBe(404)
    expect((await fetch(one.at('/nothing'))).status).toBe(404)
  })

  it('gives the page, which may talk to nobody else, and the time', async () => {
    const { door, at } = await open()
    const page = await fetch(door.url)
    expect(await page.text()).toBe('<p>page</p>')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'self'")
    expect(await (await fetch(at('/clock'))).json()).toEqual({ nowMs: 1234.5 })
  })

  it('orders of one page, once, and knows when it is gone', async () => {
    const { door, at, said } = await open()
    door.order({ type: 'close', session: 0 })
    const listening = new AbortController()
    const orders = await fetch(at('/orders'), { signal: listening.signal })
    expect((await fetch(at('/orders'))).status).toBe(409)
    expect(said).toEqual(['page'])
    door.order({ type: 'open', session: 1, plannedAtMs: 5 })
    const reader = orders.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('data:')) text += (await reader.read()).value
    expect(text).toBe(':\n\ndata: {"type":"open","session":1,"plannedAtMs":5}\n\n')
    listening.abort()
    await until('the page is gone', () => said.includes('gone'))
    expect((await fetch(at('/orders'))).status).toBe(409)
  })

  it('takes records that have the form, and no others', async () => {
    const { at, records } = await open()
    const good = recordOf({ session: 3, frames: 12 })
    expect((await post(at('/records'), JSON.stringify([good]))).status).toBe(204)
    const bad = [
      '{',
      '{}',
      JSON.stringify([{ ...good, frames: -1 }]),
      JSON.stringify([{ ...good, frames: 1.5 }]),
      JSON.stringify([{ ...good, startupMs: '1' }]),
      JSON.stringify([{ ...good, more: 1 }]),
      JSON.stringify([{ ...good, error: { code: 'x'.repeat(65), message: '' } }]),
      JSON.stringify(Array(501).fill(good)),
      `[${'1'.repeat(1024 * 1024)}]`,
    ]
    for (const body of bad) {
      const answer = await post(at('/records'), body)
      expect([400, 413]).toContain(answer.status)
      await answer.body?.cancel()
    }
    expect(records).toEqual([good])
  })

  it('passes offers, candidates and farewells on', async () => {
    const { at, said, door } = await open()
    const answer = await post(at('/sessions/7/whep/content?quality=low'), 'offer')
    expect(answer.status).toBe(201)
    expect(await answer.text()).toBe('answer')
    expect(answer.headers.get('link')).toBe('<stun:a>; rel="ice-server"')
    const grant = new URL(answer.headers.get('location')!, door.url)
    const headers = { 'content-type': 'application/trickle-ice-sdpfrag' }
    expect((await fetch(grant, { method: 'PATCH', body: 'candidates', headers })).status).toBe(204)
    expect((await fetch(grant, { method: 'PATCH', body: 'text' })).status).toBe(204)
    expect((await fetch(grant, { method: 'DELETE' })).status).toBe(204)
    expect(said).toEqual([
      ['offer', 7, 'offer'],
      ['trickle', 31, 'candidates'],
      ['leave', 31],
    ])
  })

  it('says what the server said of an offer, and takes none without end', async () => {
    const { at } = await open()
    const refused = await post(at('/sessions/1/whep/content'), 'bad')
    expect(refused.status).toBe(415)
    expect(await refused.json()).toEqual({ code: 'CODEC_UNSUPPORTED', error: 'no codec', hint: 'another' })
    expect((await post(at('/sessions/1/whep/content'), 'x'.repeat(256 * 1024 + 1))).status).toBe(413)
    expect((await post(at('/sessions/x/whep/content'), 'offer')).status).toBe(404)
  })

  it('closes with the page still there', async () => {
    const { door, at } = await open()
    const orders = await fetch(at('/orders'))
    await door.close()
    await expect(orders.text()).rejects.toThrow()
    closing.length = 0
  })
})
