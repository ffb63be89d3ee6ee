import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../../src/lib/base/errors.ts'
import { BrowserSessions } from '../../../../src/lib/load/browser/browser-sessions.ts'
import type { BrowserOrder } from '../../../../src/lib/protocol/browser-load.ts'
import { recordOf } from '../../../support/browser-record.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const request = { content: 'bafy', plannedS: 1 }

function browser(answer: () => Promise<void> = async () => {}) {
  const clock = new FakeClock(1000)
  const orders: BrowserOrder[] = []
  const left: number[] = []
  const paths: string[] = []
  let grants = 0
  const sessions = new BrowserSessions({
    kind: 'chromium',
    clock,
    order: (order) => orders.push(order),
    server: {
      async offer({ content }, sdp, path) {
        await answer()
        return { id: ++grants, answer: path ? await path.toViewer(content) : sdp }
      },
      leave: async (grant) => void left.push(grant),
    },
    openPath({ viewer }) {
      paths.push(`open ${viewer}`)
      return {
        toViewer: async (sdp) => `${sdp} by path`,
        toServer: (sdp) => sdp,
        close: async () => void paths.push(`close ${viewer}`),
      }
    },
  })
  const open = (viewer: number) => sessions.open({ ...request, viewer, beganAtMs: 1000 })
  return { clock, orders, left, paths, sessions, open }
}

const settled = () => new Promise((turn) => setImmediate(turn))

describe('sessions of a browser', () => {
  it('are ordered with the moment from which they wait', () => {
    const { orders, open } = browser()
    open(5)
    open(6)
    expect(orders).toEqual([
      { type: 'open', session: 0, plannedAtMs: 2000 },
      { type: 'open', session: 1, plannedAtMs: 2000 },
    ])
  })

  it('take commands once they are connected, and count them', async () => {
    const { sessions, open, orders } = browser()
    const session = open(0)
    expect(session.command({ type: 'pause' })).toBe(false)
    sessions.take([recordOf({ connectMs: 10, durationS: 15 })])
    expect(session.command({ type: 'pause' })).toBe(true)
    expect(session.durationS).toBe(15)
    expect(orders.at(-1)).toEqual({ type: 'command', session: 0, command: { type: 'pause' } })
    expect(session.soFar()).toMatchObject({ actions: 1, outcome: 'interrupted' })
  })

  it('end with the last record after they were told to', async () => {
    const { clock, sessions, open, orders } = browser()
    const session = open(0)
    const closing = session.close()
    expect(orders.at(-1)).toEqual({ type: 'close', session: 0 })
    clock.advance(2000)
    sessions.take([recordOf({ startupMs: 100, atMs: 1100, isOver: true })])
    expect(await closing).toMatchObject({ outcome: 'played', watchedS: 1, endedS: 2 })
    expect(session.command({ type: 'pause' })).toBe(false)
  })

  it('end without one after 5 s', async () => {
    const { clock, sessions, open } = browser()
    const session = open(0)
    sessions.take([recordOf({ frames: 7 })])
    const closing = session.close({ outcome: 'interrupted', error: null })
    clock.advance(4999)
    await settled()
    expect(sessions.counts().sessions).toBe(1)
    clock.advance(1)
    expect(await closing).toMatchObject({ outcome: 'interrupted', frames: 7 })
    expect(clock.pendingTimers).toBe(1)
  })

  it('believe the latest record, whatever comes after it', () => {
    const { sessions, open } = browser()
    const session = open(0)
    sessions.take([recordOf({ sequence: 4, frames: 40 })])
    sessions.take([recordOf({ sequence: 3, frames: 30 }), recordOf({ session: 77, frames: 1 })])
    expect(session.soFar().frames).toBe(40)
  })

  it('tell of the first frame', async () => {
    const { sessions, open } = browser()
    const session = open(0)
    expect(session.isWatching).toBe(false)
    sessions.take([recordOf({ startupMs: 1 })])
    await session.seesFrame
    expect(session.isWatching).toBe(true)
  })

  it('are counted together, those that are over too', async () => {
    const { sessions, open } = browser()
    open(0)
    open(1)
    const some = { startupMs: 1, bytes: 10, packets: 5, packetsLost: 2, packetsRecovered: 1, frames: 3, freezes: 1 }
    sessions.take([recordOf({ ...some }), recordOf({ ...some, session: 1 })])
    expect(sessions.counts()).toMatchObject({ sessions: 2, watching: 2, failed: 0, bytes: 20, packets: 10, freezes: 2 })
    const error = { code: 'PEER_FAILED', message: 'lost' }
    sessions.take([recordOf({ ...some, bytes: 15, session: 1, sequence: 1, isOver: true, error })])
    await settled()
    expect(sessions.counts()).toMatchObject({ sessions: 2, watching: 1, failed: 1, bytes: 25, packetsLost: 4 })
  })

  it('fail with what the server said of the offer, not with the words of the page', async () => {
    const { sessions, open } = browser(async () => {
      throw new McpxError('TOO_MANY_STREAMS', 'full')
    })
    const session = open(0)
    await expect(sessions.offer(0, 'sdp')).rejects.toThrow('full')
    sessions.take([recordOf({ isOver: true, error: { code: 'PEER_FAILED', message: 'refused' } })])
    expect(await session.done).toMatchObject({
      outcome: 'failed',
      answerMs: null,
      error: { code: 'TOO_MANY_STREAMS', message: 'full' },
    })
  })

  it('have the answer by their path, measured, and give both back when they are over', async () => {
    const parts = browser(async () => parts.clock.advance(70))
    const { sessions, open, left, paths } = parts
    const session = open(9)
    expect(await sessions.offer(0, 'sdp')).toEqual({ id: 1, answer: 'bafy by path' })
    expect(paths).toEqual(['open 9'])
    sessions.take([recordOf({ isOver: true })])
    expect(await session.done).toMatchObject({ answerMs: 70 })
    await settled()
    expect([left, paths]).toEqual([[1], ['open 9', 'close 9']])
    expect(() => sessions.offer(0, 'sdp')).toThrow('the session is over')
  })

  it('all fail, also those to come, when the browser does', async () => {
    const { sessions, open } = browser()
    const first = open(0)
    sessions.fail(new McpxError('BROWSER_FAILED', 'it is gone'))
    sessions.fail(new McpxError('BROWSER_FAILED', 'its page is gone'))
    const second = open(1)
    for (const { done } of [first, second])
      expect(await done).toMatchObject({ outcome: 'failed', error: { code: 'BROWSER_FAILED', message: 'it is gone' } })
  })

  it('fail when the page says nothing for 20 s, which is not expected of it while there is none', async () => {
    const { clock, sessions, open } = browser()
    clock.advance(60_000)
    const session = open(0)
    clock.advance(19_000)
    sessions.take([recordOf()])
    clock.advance(20_000)
    await settled()
    expect(session.soFar().outcome).toBe('interrupted')
    clock.advance(2000)
    expect(await session.done).toMatchObject({ outcome: 'failed', error: { code: 'BROWSER_FAILED' } })
  })

  it('show nothing to a terminal that the page has written', async () => {
    const { sessions, open } = browser()
    const session = open(0)
    sessions.take([recordOf({ isOver: true, error: { code: 'X', message: '\u001b[31mred' } })])
    expect((await session.done).error?.message).not.toContain('\u001b')
  })

  it('are interrupted when the browser is closed, and no timer is left', async () => {
    const { clock, sessions, open } = browser()
    const { done } = open(0)
    const closing = sessions.close()
    sessions.take([recordOf({ isOver: true })])
    await closing
    expect(await done).toMatchObject({ outcome: 'interrupted', error: null })
    expect(clock.pendingTimers).toBe(0)
  })
})
