// Viewers of a load test in one real browser: sessions that begin and end when they are told to, in one page without a window.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../base/clock.ts'
import { withDeadline } from '../../base/deadline.ts'
import { McpxError } from '../../base/errors.ts'
import { createCloser } from '../../base/lifecycle.ts'
import { createApi } from '../../client/api.ts'
import {
  type BrowserCounts,
  type BrowserSession,
  type BrowserSessionRequest,
  BrowserSessions,
} from './browser-sessions.ts'
import { type BrowserKind, findBrowser } from './find-browser.ts'
import { runBrowser } from './run-browser.ts'
import { type MediaPath, ServerSide } from './server-side.ts'
import { openToolDoor } from './tool-door.ts'

export type { BrowserCounts, BrowserSession, BrowserSessionRequest, MediaPath }

export interface BrowserViewersOptions {
  readonly kind: BrowserKind
  /** The program, in place of the one that is found. */
  readonly path?: string
  /** Home page of the server. */
  readonly server: string
  readonly token?: string
}

export interface BrowserViewersDeps {
  readonly clock: Clock
  /** Ends the wait for the browser. */
  readonly signal?: AbortSignal
  /** Lays the way of a session's media; the direct one when absent. */
  readonly openPath?: (request: BrowserSessionRequest) => MediaPath
  /** Something that the person should know: that there is no sandbox. */
  readonly onNote?: (text: string) => void
}

export interface BrowserViewers {
  open(request: BrowserSessionRequest): BrowserSession
  counts(): BrowserCounts
  /** Ends what is open as interrupted, and the browser. Idempotent. */
  close(): Promise<void>
}

const pageFile = fileURLToPath(new URL('../../../../dist/web/load.html', import.meta.url))
/** From the start of the browser until the page listens. */
const startTimeoutMs = 60_000

/**
 * Starts the browser and resolves once its page is there. Throws INVALID_OPTION where there is no browser, BROWSER_FAILED where it
 * does not come that far.
 */
export async function openBrowserViewers(
  options: BrowserViewersOptions,
  deps: BrowserViewersDeps,
): Promise<BrowserViewers> {
  const { clock, signal, openPath } = deps
  const program = findBrowser(options.kind, options.path)
  const html = await readPage()
  const server = new ServerSide(createApi({ url: options.server, ...tokenOf(options) }))
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {})
  const fail = (why: string) => {
    const error = new McpxError('BROWSER_FAILED', `${program}: ${why}`)
    ready.reject(error)
    sessions.fail(error)
  }
  const door = await openToolDoor({
    html,
    clock,
    onPage: ready.resolve,
    onPageGone: () => fail('its page is gone'),
    onRecords: (records) => sessions.take(records),
    offer: (session, sdp) => sessions.offer(session, sdp),
    trickle: (grant, fragment) => server.trickle(grant, fragment),
    leave: (grant) => void server.leave(grant),
  })
  const sessions = new BrowserSessions({ kind: options.kind, clock, server, openPath, order: door.order })
  const onNote = deps.onNote ?? (() => {})
  const browser = runBrowser({ kind: options.kind, program, url: door.url, clock, onEnd: fail, onNote })
  // Closed in reverse: the page says its last words first, and the streams are given back to the server.
  const closer = createCloser()
  closer.add('server', () => server.close())
  closer.add('door', () => door.close())
  closer.add('browser', () => browser.close())
  closer.add('sessions', () => sessions.close())
  try {
    const tooLate = () =>
      new McpxError('BROWSER_FAILED', `${program}: its page was not loaded within ${startTimeoutMs / 1000} s`)
    await withDeadline(clock, startTimeoutMs, signal, () => ready.promise, tooLate)
  } catch (error) {
    await closer.close()
    throw error
  }
  return {
    open: (request) => sessions.open(request),
    counts: () => sessions.counts(),
    close: async () => void (await closer.close()),
  }
}

const tokenOf = ({ token }: BrowserViewersOptions) => (token === undefined ? {} : { token })

async function readPage(): Promise<string> {
  try {
    return await readFile(pageFile, 'utf8')
  } catch (error) {
    throw new McpxError('INTERNAL', `the page ${pageFile} cannot be read`, {
      cause: error,
      hint: 'Run `npm run build`.',
    })
  }
}
