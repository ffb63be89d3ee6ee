// Following a server: the real routes, the real socket, and a server that goes away.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createApi } from '../../../src/lib/client/api.ts'
import { createControls, fetchLive, followLive } from '../../../src/lib/client/live.ts'
import type { WatchLink } from '../../../src/lib/model/link.ts'
import { createMonitor } from '../../../src/lib/monitor/monitor.ts'
import { applyLive, type LiveMessage, type LiveState } from '../../../src/lib/protocol/live.ts'
import { answerJson, startHttpServer } from '../../support/answering-server.ts'
import { until } from '../../support/e2e.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startHttp, token } from '../../support/http-api.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine } from '../../support/http-engine.ts'
import { connection, liveState } from '../../support/live-state.ts'

function follow(url: string, options: { token?: string; intervalMs?: number } = {}) {
  const clock = new FakeClock()
  const over = new AbortController()
  const api = createApi({ url, ...(options.token && { token: options.token }) })
  const [links, messages]: [WatchLink[], LiveMessage[]] = [[], []]
  const following = followLive({
    ...{ api, clock, signal: over.signal, hasToken: options.token !== undefined },
    intervalMs: options.intervalMs ?? 1000,
    onLink: (link) => links.push(link),
    onMessage: (message) => messages.push(message),
  })
  onTestFinished(async () => {
    over.abort()
    await following
    expect(clock.pendingTimers).toBe(0)
  })
  /** Time passes until it is so. */
  const passes = (what: string, isSo: () => boolean) =>
    until(
      what,
      () => {
        clock.advance(200)
        return isSo()
      },
      { everyMs: 5 },
    )
  return { api, links, messages, passes, kinds: () => links.map(({ kind }) => kind) }
}

async function startMonitored(options: Parameters<typeof startHttp>[0] = {}) {
  const engine = createMemoryEngine()
  const clock = createStillClock(60_000)
  const monitor = createMonitor({ engine, clock, logger: silentLogger })
  onTestFinished(() => monitor.close())
  return { ...(await startHttp(options, { engine, monitor, clock })), serverClock: clock }
}

/** Like `startHttpServer`, on a port that was used before. */
async function answerAt(port: number, state: LiveState): Promise<Server> {
  const server = createServer((_, response) => answerJson(response, 200, state))
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  return server
}

describe('following a server', () => {
  it('gets the whole state over the socket, then what changes, and can act', async () => {
    const { url, engine, serverClock } = await startMonitored()
    const { id } = await engine.open({ content: cids.film })
    const { api, links, messages } = follow(url)
    await until('the state', () => messages.length === 1)
    expect([links, messages]).toMatchObject([[{ kind: 'live' }], [{ type: 'state', connections: [{ id }] }]])
    await createControls(api).close(id)
    serverClock.advance(250)
    await until('the change', () => messages.length === 2)
    const state = messages.reduce<LiveState | undefined>(applyLive, undefined)
    expect(state?.connections).toMatchObject([{ id, state: 'closed' }])
    await expect(createControls(api).setQuality('none', 'low')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
  })

  it('brings a token as a ticket, which is all that a socket can carry', async () => {
    const { url } = await startMonitored({ authToken: token })
    const { kinds } = follow(url, { token })
    await until('it is live', () => kinds().includes('live'))
    await expect(fetchLive(createApi({ url }), AbortSignal.timeout(5000))).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
  })

  it('asks where there is no socket, says so once, and gets on with what it is told', async () => {
    const server = await startHttpServer((_, response) => answerJson(response, 200, liveState([connection('a')])))
    onTestFinished(server.stop)
    const { links, messages, passes } = follow(server.url)
    await passes('three answers', () => messages.length >= 3)
    expect(links).toEqual([{ kind: 'polling', everyMs: 1000 }])
  })

  it('says that a server is gone with the reason, and since when, until it is back', async () => {
    const port = await answerAt(0, liveState([])).then(async (server) => {
      const { port } = server.address() as AddressInfo
      await new Promise((closed) => server.close(closed))
      return port
    })
    const { links, messages, passes } = follow(`http://127.0.0.1:${port}/`)
    await passes('it is gone', () => links.length === 1)
    expect(links[0]).toMatchObject({ kind: 'gone', reason: 'ECONNREFUSED', sinceMs: expect.any(Number) })
    const server = await answerAt(port, liveState([connection('a')]))
    onTestFinished(() => void server.closeAllConnections())
    onTestFinished(() => void server.close())
    await passes('it is back', () => messages.length > 0)
    expect(links.map(({ kind }) => kind)).toEqual(['gone', 'polling'])
  })

  it('names what the server is, where that is not what is followed', async () => {
    const failure = async (status: number, body: unknown) => {
      const server = await startHttpServer((_, response) => answerJson(response, status, body))
      onTestFinished(server.stop)
      return fetchLive(createApi({ url: server.url }), AbortSignal.timeout(5000)).catch((error: unknown) => error)
    }
    const off = {
      success: false,
      code: 'MONITOR_OFF',
      error: 'it is off',
      hint: 'Start it without --disable-webrtc-monitor.',
    }
    expect(await failure(404, off)).toMatchObject({ code: 'MONITOR_OFF', hint: expect.stringContaining('--disable') })
    expect(await failure(200, { ...liveState([]), version: 2 })).toMatchObject({
      code: 'INVALID_REQUEST',
      hint: expect.stringContaining('same version'),
    })
    expect(await failure(500, 'broken')).toMatchObject({ code: 'INTERNAL' })
  })
})
