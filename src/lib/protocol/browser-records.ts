// What a page of the load tool in a real browser measured, checked where it comes in: apart from the rest that they say to each other,
// so that the page does without the checking.
import { z } from 'zod'
import { maxPageSessions, maxRungs } from './browser-load.ts'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const amount = z.number().min(0).max(1e12)
const wait = amount.nullable()

const browserRecord = z.strictObject({
  session: count,
  /** Grows with each record of a session: posts may overtake one another. */
  sequence: count,
  /** Since the planned moment, as the waits. null: it has not come so far. */
  atMs: amount,
  startupMs: wait,
  connectMs: wait,
  iceMs: wait,
  dtlsMs: wait,
  firstPacketMs: wait,
  frames: count,
  framesDropped: count,
  freezes: count,
  frozenS: amount,
  bytes: count,
  packets: count,
  packetsLost: count,
  /** null: this browser does not say, and does not count them. */
  packetsRecovered: count.nullable(),
  roundTripMs: wait,
  jitterMs: wait,
  /** Of the content. */
  durationS: wait,
  rungs: z.array(z.strictObject({ atMs: amount, quality: z.string().max(100) })).max(maxRungs),
  isOver: z.boolean(),
  /** With `isOver`: why, where nobody asked for it. */
  error: z.strictObject({ code: z.string().max(64), message: z.string().max(500) }).nullable(),
})
/** What one session has measured so far. */
export type BrowserRecord = z.infer<typeof browserRecord>

export const browserRecords = z.array(browserRecord).max(maxPageSessions)
