// Where the dashboard gets what it shows: a real server with its real socket, and servers that are not as they should be.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { silentLogger } from '../../../../src/lib/base/logger.ts'
import { createMonitor } from '../../../../src/lib/monitor/monitor.ts'
import type { LiveState } from '../../../../src/lib/protocol/live.ts'
import { type FeedStatus, openFeed } from '../../../../src/web/dashboard/feed.ts'
import { type Answer, answerJson, startHttpServer } from '../../../support/answering-server.ts'
import { until } from '../../../support/e2e.ts'
import { startHttp, token } from '../../../support/http-api.ts'
import { createStillClock } from '../../../support/http-clock.ts'
import { cids, createMemoryEngine } from '../../../support/http-engine.ts'
import { liveState } from '../../../support/live-state.ts'

/** Opens the feed as a page of this server does: with addresses that begin at its root. */
function openPage(url: string) {
  const ask = globalThis.fetch
  vi.stubGlobal('location', new URL(url))
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => ask(new URL(path, url), init))
  const [statuses, states]: [FeedStatus[], LiveState[]] = [[], []]
  const close = openFeed(
    { base: '', pollMs: () => 20 },
    { onStatus: (status) => statuses.push(status), onState: (state) => states.push(state) },
  )
  onTestFinished(() => {
    close()
    vi.unstubAllGlobals()
  })
  const becomes = (kind: FeedStatus['kind']) =>
    until(`it is ${kind}`, () => statuses.find((status) => status.kind === kind), { timeoutMs: 10_000 })
  return { statuses, states, becomes, close }
}

async function startMonitored(options: Parameters<typeof startHttp>[0] = {}) {
  const engine = createMemoryEngine()
  const clock = createStillClock(60_000)
  const monitor = createMonitor({ engine, clock, logger: silentLogger })
  onTestFinished(() => monitor.close())
  return { ...(await startHttp(options, { engine, monitor, clock })), serverClock: clock }
}

/** A server that has no WebSocket, and answers everything else with this. */
async function serve(answer: Answer) {
  const server = await startHttpServer(answer)
  onTestFinished(() => server.stop())
  return server
}

describe('the feed of the dashboard', () => {
  it('shows everything at once and then what changes, over the socket', async () => {
    const { url, engine, serverClock } = await startMonitored()
    const { id } = await engine.open({ content: cids.film })
    const { states, statuses, becomes } = openPage(url)
    await becomes('live')
    expect(states.at(-1)!.connections).toMatchObject([{ id }])
    await engine.close(id)
    serverClock.advance(250)
    await until('the change', () => states.at(-1)!.connections[0]?.state === 'closed')
    expect(statuses.map(({ kind }) => kind)).toEqual(['connecting', 'live'])
  })

  it('asks again and again where there is no socket', async () => {
    const state = liveState([])
    const { url, asked } = await serve(({ url: path }, response) =>
      path.includes('live') ? answerJson(response, 200, state) : answerJson(response, 404, {}),
    )
    const { states, becomes } = openPage(url)
    await becomes('polling')
    await until('three states', () => states.length >= 3)
    expect(states.at(-1)).toEqual(state)
    expect(asked.filter(({ url: path }) => path.includes('ticket'))).toHaveLength(1)
  })

  it('asks for a token where one is needed', async () => {
    const { url } = await startMonitored({ authToken: token })
    const { statuses, becomes } = openPage(url)
    await becomes('token')
    expect(statuses.map(({ kind }) => kind)).toEqual(['connecting', 'token'])
  })

  it.each([
    ['the monitor is off', 404, { error: 'off' }, /--disable-webrtc-monitor/],
    ['the token is for watching alone', 403, { error: 'no' }, /role operator/],
    ['the server says why', 400, { error: 'not today', code: 'X' }, /not today/],
    ['the server is of another version', 200, { ...liveState([]), version: 999 }, /reload this page/],
  ])('is refused, and does not ask again, where %s', async (_why, status, body, words) => {
    const { url, asked } = await serve((_, response) => answerJson(response, status, body))
    const { becomes, states } = openPage(url)
    expect(await becomes('refused')).toMatchObject({ message: expect.stringMatching(words) })
    expect([asked.length, states]).toEqual([1, []])
  })

  it.each([
    ['no message', { hello: 'world' }],
    ['half a message', { ...liveState([]), connections: 'none' }],
    ['a message with something else in it', { ...liveState([]), events: [null] }],
  ])('takes nothing in that is %s', async (_what, body) => {
    const { url } = await serve((_, response) => answerJson(response, 200, body))
    const { becomes, states } = openPage(url)
    await becomes('gone')
    expect(states).toEqual([])
  })

  it('finds a server again that was too busy', async () => {
    let asked = 0
    const { url } = await serve((_, response) =>
      ++asked === 1 ? answerJson(response, 503, {}) : answerJson(response, 200, liveState([])),
    )
    const { statuses, becomes } = openPage(url)
    await becomes('polling')
    expect(statuses.slice(0, 3).map(({ kind }) => kind)).toEqual(['connecting', 'gone', 'polling'])
  })

  it('tells nothing more once it is closed, however long another page goes on', async () => {
    const { url } = await serve((_, response) => answerJson(response, 200, liveState([])))
    const closed = openPage(url)
    await closed.becomes('polling')
    closed.close()
    const told = [closed.states.length, closed.statuses.length]
    const other = openPage(url)
    await until('another page has polled often', () => other.states.length >= 5)
    expect([closed.states.length, closed.statuses.length]).toEqual(told)
  })
})
