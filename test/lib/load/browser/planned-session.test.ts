import { describe, expect, it } from 'vitest'
import type { BrowserSessionRequest } from '../../../../src/lib/load/browser/browser-sessions.ts'
import { BrowserSessions } from '../../../../src/lib/load/browser/browser-sessions.ts'
import { PlannedBrowserSession } from '../../../../src/lib/load/browser/planned-session.ts'
import type { PlannedSession } from '../../../../src/lib/load/plan.ts'
import type { BrowserOrder } from '../../../../src/lib/protocol/browser-load.ts'
import type { BrowserRecord } from '../../../../src/lib/protocol/browser-records.ts'
import { recordOf } from '../../../support/browser-record.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const plan: PlannedSession = {
  viewer: 4,
  content: 'bafy',
  beginMs: 2000,
  endMs: 12_000,
  actions: [
    { atMs: 3000, type: 'seek', share: 0.5 },
    { atMs: 6000, type: 'pause' },
    { atMs: 7000, type: 'seek', share: 0.5 },
    { atMs: 8000, type: 'quality', quality: 'low' },
  ],
}

/** Begins a session when it is due; the page of it says what a test says. */
function begin(planned = plan) {
  const clock = new FakeClock(1000)
  const originMs = clock.now()
  const orders: BrowserOrder[] = []
  const requests: BrowserSessionRequest[] = []
  const sessions = new BrowserSessions({
    kind: 'firefox',
    clock,
    order: (order) => orders.push(order),
    server: { offer: async () => ({ id: 1, answer: '' }), leave: async () => {} },
  })
  const viewers = {
    open(request: BrowserSessionRequest) {
      requests.push(request)
      return sessions.open(request)
    },
  }
  clock.advance(planned.beginMs)
  const session = new PlannedBrowserSession(planned, { clock, viewers, originMs, quality: 'high' })
  let sequence = 0
  const says = (fields: Partial<BrowserRecord> = {}) => sessions.take([recordOf({ sequence: sequence++, ...fields })])
  const run = session.run()
  /** Time in which the page goes on telling what it told last. */
  async function pass(ms: number, fields: Partial<BrowserRecord> = {}) {
    for (let left = ms; left > 0; left -= 1000) {
      says(fields)
      clock.advance(Math.min(1000, left))
      await new Promise((turn) => setImmediate(turn))
    }
  }
  return { session, orders, requests, says, run, pass }
}

const playing = { connectMs: 10, startupMs: 20, durationS: 30 }
const commands = (orders: readonly BrowserOrder[]) =>
  orders.flatMap((order) => (order.type === 'command' ? [order.command] : []))

describe('a planned session in a browser', () => {
  it('joins when it is to, and does what was planned as far as that can be asked for', async () => {
    const { session, orders, requests, says, run, pass } = begin()
    expect(requests).toEqual([
      { viewer: 4, content: 'bafy', loop: true, quality: 'high', beganAtMs: 1000, plannedS: 2 },
    ])
    await pass(2000)
    expect(session.isWatching).toBe(false)
    await pass(7000, playing)
    expect(session.isWatching).toBe(true)
    // The first seek came before anything was known of the content.
    expect(commands(orders)).toEqual([
      { type: 'pause' },
      { type: 'seek', timeS: 15 },
      { type: 'quality', quality: 'low' },
    ])
    await pass(1000, playing)
    expect(orders.at(-1)).toEqual({ type: 'close', session: 0 })
    says({ ...playing, isOver: true })
    await run
    expect(session.record()).toMatchObject({ outcome: 'played', actions: 3, plannedS: 2, endedS: 12, kind: 'firefox' })
  })

  it('whose time is up before it has seen anything goes on waiting, up to 30 s after it joined', async () => {
    const { session, orders, run, pass, says } = begin()
    await pass(29_000)
    expect(orders.filter(({ type }) => type === 'close')).toEqual([])
    await pass(1000)
    expect(orders.at(-1)).toEqual({ type: 'close', session: 0 })
    says({ isOver: true })
    await run
    expect(session.record()).toMatchObject({
      outcome: 'failed',
      error: { code: 'PEER_FAILED', message: 'no frame arrived within 30 s' },
    })
  })

  it('that sees something late leaves then', async () => {
    const { session, run, pass, says } = begin()
    await pass(15_000)
    await pass(1000, playing)
    says({ ...playing, isOver: true })
    await run
    expect(session.record()).toMatchObject({ outcome: 'played', startupMs: 20 })
  })

  it.each([
    [null, { outcome: 'interrupted', error: null }],
    [
      { code: 'SERVER_UNREACHABLE', message: 'gone', hint: '' } as const,
      { outcome: 'failed', error: { code: 'SERVER_UNREACHABLE', message: 'gone' } },
    ],
  ])('that is cut short says why: %o', async (error, expected) => {
    const { session, run, pass, says, orders } = begin()
    await pass(2000, playing)
    session.cut({ error })
    await pass(1000, playing)
    says({ ...playing, isOver: true })
    await run
    expect(session.record()).toMatchObject(expected)
    await pass(9000, playing)
    // What was planned for later is not done any more.
    expect(commands(orders)).toEqual([{ type: 'seek', timeS: 15 }])
  })

  it('that fails has failed with what the page says', async () => {
    const { session, run, says } = begin()
    says({ isOver: true, error: { code: 'PEER_FAILED', message: 'lost' } })
    await run
    expect(session.record()).toMatchObject({ outcome: 'failed', error: { code: 'PEER_FAILED', message: 'lost' } })
  })
})
