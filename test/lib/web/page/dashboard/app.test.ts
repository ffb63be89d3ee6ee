// The whole dashboard over a server that is asked again and again, as it has no WebSocket.
import { h } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { LiveState } from '../../../../../src/lib/protocol/live.ts'
import { App } from '../../../../../src/web/dashboard/app.tsx'
import { timeAxis, valueAxis } from '../../../../../src/web/dashboard/plot.ts'
import { connection, liveState } from '../../../../support/live-state.ts'
import { openPage, SmallElement } from '../small-document.ts'

type Answers = Record<string, () => Response>

async function openDashboard(answers: Answers, stored: Record<string, string> = {}) {
  const page = openPage('http://host/b/dashboard')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  for (const [name, value] of Object.entries(stored)) page.stored.set(name, value)
  vi.stubGlobal('requestAnimationFrame', () => 1)
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET' }: RequestInit = {}) => {
    asked.push(`${method} ${url}`)
    const answer = Object.entries(answers).find(([path]) => url.startsWith(`/b${path}`))?.[1]
    return answer?.() ?? new Response('', { status: 404 })
  })
  const settle = async () => {
    for (let times = 0; times < 4; times++) await page.settle()
  }
  await page.show(h(App, { base: '/b' }))
  await settle()
  const poll = async (ms = 2000) => {
    await page.pass(ms)
    await settle()
  }
  return { ...page, asked, settle, poll, panels: () => page.all('.place h2').map((one) => one.textContent) }
}

const live = '/api/v0/webrtc/live'
const serving = (...states: LiveState[]): Answers => {
  let at = 0
  return { [live]: () => Response.json(states[Math.min(at++, states.length - 1)]!) }
}

describe('the dashboard', () => {
  it('shows what the server knows, and what has changed since', async () => {
    const [first, second] = [connection('a'), connection('b')]
    const { text, get, document, poll, panels } = await openDashboard(
      serving(liveState([first]), liveState([first, second, connection('c', { state: 'closed' })])),
    )
    expect(get('[role=status]').textContent).toBe('Polling every 2 s')
    expect(document.title).toBe('1 open · mcpx dashboard')
    expect(panels()).toEqual(['Connections', 'Connection', 'Operations', 'Events', 'Tasks', 'Media workers'])
    expect(text()).toContain('mcpx 1.2.3 · node node')
    await poll()
    expect(document.title).toBe('2 open · mcpx dashboard')
    expect(get('button', 'All 3')).toBeDefined()
  })

  it('keeps what it shows, and says that it is old, while the server is gone', async () => {
    let isGone = false
    const { get, poll, has, text } = await openDashboard({
      [live]: () => {
        if (isGone) throw new TypeError('fetch failed')
        return Response.json(liveState([connection('a')]))
      },
    })
    expect(has('.panels.old')).toBe(false)
    isGone = true
    await poll()
    expect(get('[role=status]').textContent).toBe('Server does not answer')
    expect(has('.panels.old')).toBe(true)
    expect(text()).toContain('1 open')
    isGone = false
    await poll()
    expect(has('.panels.old')).toBe(false)
  })

  it('asks for a token, and begins anew with it', async () => {
    let isOpen = false
    const { text, enter, fire, get, settle, has } = await openDashboard({
      [live]: () => (isOpen ? Response.json(liveState([])) : new Response('', { status: 401 })),
      '/api/v0/session': () => {
        isOpen = true
        return new Response()
      },
    })
    expect(text()).toContain('This server asks for a token')
    expect(has('.panels')).toBe(false)
    await enter('input', 'x')
    await fire(get('form'), 'submit')
    await settle()
    expect(has('.panels')).toBe(true)
    expect(text()).not.toContain('asks for a token')
  })

  it('says why it is refused, and tries again when told', async () => {
    let status = 403
    const { get, click, settle, has, asked } = await openDashboard({
      [live]: () => Response.json(liveState([]), { status }),
    })
    expect(get('[role=alert]').textContent).toContain('one with the role operator')
    status = 200
    await click('button', 'Try again')
    await settle()
    expect(has('.panels')).toBe(true)
    expect(asked.filter((one) => one.endsWith(live))).toHaveLength(2)
  })

  it('closes all connections after a question, and tells what came of it', async () => {
    const { click, asked, texts, settle, has } = await openDashboard({
      ...serving(liveState([connection('a'), connection('b')])),
      '/api/v0/webrtc/close_all': () => Response.json({ success: true, message: 'Closed 2' }),
    })
    await click('button', 'Close all')
    expect(texts('dialog p')).toEqual(['2 open connections end at once, for everybody who watches.'])
    expect(asked.filter((one) => one.startsWith('POST /b/api/v0/webrtc'))).toEqual([])
    await click('dialog .danger')
    await settle()
    expect(asked).toContain('POST /b/api/v0/webrtc/close_all')
    expect(texts('.notice p').map((one) => one.trim())).toEqual(['Closed 2'])
    expect(has('dialog')).toBe(false)
  })

  it('tests the connection once at a time', async () => {
    const { click, get, settle, texts } = await openDashboard({
      ...serving(liveState([])),
      '/api/v0/webrtc/test_connection': () => Response.json({ success: false, error: 'no path' }),
    })
    await click('button', 'Test connection')
    await settle()
    expect(texts('.notice.bad p').map((one) => one.trim())).toEqual(['no path'])
    expect(get('button', 'Test connection').disabled).toBe(false)
  })

  it('has its panels as they were left, and those of plugins among them', async () => {
    const plugin = { id: 'shop.prices', title: 'Prices', url: '/b/api/v0/plugins/shop/prices', everyS: 5 }
    const { panels, all } = await openDashboard(
      {
        '/api/v0/webrtc/dashboard/panels': () =>
          Response.json({ panels: [plugin, { ...plugin, url: '//elsewhere/' }] }),
        '/api/v0/plugins/shop/prices': () => Response.json({ figures: [{ label: 'a', value: 1 }] }),
        ...serving(liveState([])),
      },
      {
        'mcpx.dashboard': JSON.stringify({
          panels: { order: ['shop.prices', 'workers', 'gone'], hidden: ['summary', 'details', 'tasks'] },
        }),
      },
    )
    expect(panels()).toEqual(['Connections', 'Operations', 'Events', 'Prices', 'Media workers'])
    expect(all('.place.wide h2').map((one) => one.textContent)).toEqual(['Connections'])
  })

  it('asks no more once it is left', async () => {
    const { show, asked, poll } = await openDashboard(serving(liveState([])))
    await show(null)
    const before = asked.length
    await poll(60_000)
    expect(asked).toHaveLength(before)
  })
})

describe('the axes of a chart', () => {
  const element = () => {
    openPage()
    vi.stubGlobal('getComputedStyle', () => ({ color: 'rgb(1, 2, 3)' }))
    return new SmallElement('', 'div') as unknown as HTMLElement & SmallElement
  }
  type Values = (plot: never, splits: number[], axis: number, space: number, stepS: number) => string[]

  it('have seconds where labels are closer than a minute', () => {
    const values = timeAxis(element()).values as unknown as Values
    const atS = new Date(2026, 0, 1, 10, 20, 30).getTime() / 1000
    expect(values(null as never, [atS], 0, 0, 30)).toEqual(['10:20:30'])
    expect(values(null as never, [atS], 0, 0, 60)).toEqual(['10:20'])
  })

  it('are in the colours of the page, and leave nothing in it', () => {
    const place = element()
    const axis = valueAxis(place, (value) => `${value} ms`)
    expect(axis.stroke).toBe('rgb(1, 2, 3)')
    expect((axis.values as unknown as Values)(null as never, [5], 0, 0, 0)).toEqual(['5 ms'])
    expect(place.childNodes).toEqual([])
  })
})
