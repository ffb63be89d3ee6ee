import { h } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { App } from '../../../../../src/web/home/app.tsx'
import { openPage } from '../small-document.ts'

const cid = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const nowMs = new Date(2026, 4, 4, 12, 30).getTime()

async function openHome(answer: () => Response, recent: unknown = [], address = 'http://host/b/') {
  const page = openPage(address)
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs })
  onTestFinished(() => void vi.useRealTimers())
  page.stored.set('mcpx.recent', JSON.stringify(recent))
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET' }: RequestInit = {}) => {
    asked.push(`${method} ${url}`)
    return answer()
  })
  await page.show(h(App, { base: '/b' }))
  await page.settle()
  await page.settle()
  return { ...page, asked }
}

describe('the home page', () => {
  it('says what server it is of, and offers its sample', async () => {
    const info = { version: '1.2.3', content_store: 'kubo', encoder: 'none', node_id: 'n', sample_cid: cid }
    const { get, texts, document } = await openHome(() => Response.json(info))
    expect(get('footer').textContent).toBe('mcpx 1.2.3 · kubo store · no encoder · node n')
    expect(texts('.row strong')).toEqual(['Sample clip'])
    expect(get('a.row-play').getAttribute('href')).toBe(`/b/player/${cid}`)
    expect(document.title).toBe('mcpx · play anything with a CID')
  })

  it('plays what is pasted, and says what is wrong with what is none', async () => {
    const { enter, get, fire } = await openHome(() => Response.json({}))
    await enter('.open-box input', 'hello')
    expect((await fire(get('form'), 'submit')).isPrevented).toBe(true)
    expect(get('#open-problem').textContent).toMatch(/no CID/)
    expect(location.assign).not.toHaveBeenCalled()
    await enter('.open-box input', `ipfs://${cid}/a b#1.mp4`)
    expect(get('#open-problem').textContent).toBe('')
    await enter('.open-box input', `https://ipfs.io/ipfs/${cid}/a%20b%23.mp4`)
    await fire(get('form'), 'submit')
    expect(location.assign).toHaveBeenCalledWith(`/b/player/${cid}/a%20b%23.mp4`)
  })

  it('asks for the token, and for nothing else, where one is needed', async () => {
    const { text, has, enter, fire, get, settle } = await openHome(() => new Response('', { status: 401 }))
    expect(text()).toContain('This server asks for a token')
    expect([has('.open-box'), has('.upload')]).toEqual([false, false])
    vi.stubGlobal('fetch', async () => Response.json({ version: '9' }))
    await enter('input', 'x')
    await fire(get('form'), 'submit')
    await settle()
    expect(has('.open-box')).toBe(true)
    expect(get('footer').textContent).toBe('mcpx 9')
  })

  it('opens the session of a token in the address before it asks for anything', async () => {
    const { asked } = await openHome(() => Response.json({}), [], 'http://host/b/#token=x')
    expect(asked).toEqual(['POST /b/api/v0/session', 'GET /b/api/v0'])
  })

  it('tries again where the server did not answer', async () => {
    const { get, click, settle, has } = await openHome(() => {
      throw new TypeError('fetch failed')
    })
    expect(get('.hero [role=alert].problem:not(#open-problem)').textContent).toContain('The server does not answer.')
    vi.stubGlobal('fetch', async () => Response.json({}))
    await click('button', 'Try again')
    await settle()
    expect(has('.hero .problem:not(#open-problem)')).toBe(false)
  })
})

describe('what was played lately', () => {
  const day = 86_400_000
  const items = [
    { content: `${cid}/talk<b>.mp4`, atMs: nowMs, durationS: 65 },
    { content: cid, name: 'film.mp4', atMs: nowMs - 2 * day },
  ]

  it('is listed by name, with when and how long', async () => {
    const { texts, has } = await openHome(() => Response.json({}), items)
    expect(texts('.row strong')).toEqual(['talk<b>.mp4', 'film.mp4'])
    const [first, second] = texts('.row-text .quiet')
    expect(first).toMatch(/12:30.* · 1:05$/)
    expect(second).toMatch(/^[^:]*2[^:]* · bafybeigd…5fbzdi$/)
    expect(has('b')).toBe(false)
  })

  it('can be forgotten', async () => {
    const { click, has, stored } = await openHome(() => Response.json({}), items)
    await click('button', 'Clear')
    expect(has('.row')).toBe(false)
    expect(stored.has('mcpx.recent')).toBe(false)
  })

  it('is read again when the page comes back', async () => {
    const { stored, window, fire, texts } = await openHome(() => Response.json({}), [])
    stored.set('mcpx.recent', JSON.stringify(items.slice(1)))
    await fire(window, 'pageshow')
    expect(texts('.row strong')).toEqual(['film.mp4'])
  })

  it('gives the whole address for another player', async () => {
    const { click, all } = await openHome(() => Response.json({}), items.slice(0, 1))
    const writeText = vi.fn(async () => undefined)
    vi.stubGlobal('navigator', { clipboard: { writeText } })
    expect(all('.row-actions button')).toHaveLength(2)
    await click('button', 'WHEP URL')
    expect(writeText).toHaveBeenCalledWith(`http://host/b/whep/${cid}/talk%3Cb%3E.mp4`)
  })
})
