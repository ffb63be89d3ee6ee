// When frames are shown by the model of a jitter buffer.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../src/lib/base/random.ts'
import { Playout, type PlayoutFrame } from '../../../src/lib/protocol/playout.ts'

const intervalMs = 1000 / 30
/** Frame `n` of thirty a second, that took so long. */
const frame = (n: number, delayMs: number, changes: Partial<PlayoutFrame> = {}): PlayoutFrame => ({
  timestamp: (4_294_900_000 + n * 3000) >>> 0,
  atMs: 5000 + n * intervalMs + delayMs,
  bytes: 4000,
  isRecovered: false,
  ...changes,
})
/** Times between frames as they are shown. */
const gapsOf = (shown: readonly number[]) => shown.slice(1).map((atMs, n) => atMs - shown[n]!)
const play = (frames: readonly PlayoutFrame[], playout = new Playout()) => frames.map((one) => playout.show(one))
const inOrder = (frames: readonly PlayoutFrame[]) => {
  let latest = 0
  return frames.map((one) => {
    latest = Math.max(latest, one.atMs)
    return { ...one, atMs: latest }
  })
}

describe('playout', () => {
  it('of frames that come evenly is even, and soon after they came', () => {
    const frames = Array.from({ length: 300 }, (_, n) => frame(n, 0))
    const shown = play(frames)
    for (const gapMs of gapsOf(shown.slice(1))) expect(gapMs).toBeCloseTo(intervalMs, 6)
    expect(shown[299]! - frames[299]!.atMs).toBeCloseTo(11, 6)
  })

  it('evens out jitter that comes again and again', () => {
    const draw = seeded(3)
    const frames = inOrder(Array.from({ length: 900 }, (_, n) => frame(n, 80 * draw())))
    const playout = new Playout()
    const shown = play(frames, playout).slice(300)
    expect(Math.max(...gapsOf(frames.slice(300).map(({ atMs }) => atMs)))).toBeGreaterThan(80)
    expect(Math.max(...gapsOf(shown))).toBeLessThan(50)
    expect(playout.delayMs).toBeGreaterThan(30)
    expect(playout.delayMs).toBeLessThan(100)
  })

  it('holds back for what large frames take longer', () => {
    // A key frame of ten times the size every second, over 2 Mbps.
    const bytes = (n: number) => (n % 30 === 0 ? 40_000 : 4000)
    let freeAtMs = 0
    const frames = Array.from({ length: 600 }, (_, n) => {
      freeAtMs = Math.max(freeAtMs, frame(n, 0).atMs) + (bytes(n) * 8) / 2000
      return frame(n, 0, { bytes: bytes(n), atMs: freeAtMs })
    })
    const gaps = (all: readonly number[]) => Math.max(...gapsOf(all.slice(400)))
    expect(gaps(frames.map(({ atMs }) => atMs))).toBeGreaterThan(150)
    expect(gaps(play(frames))).toBeLessThan(90)
  })

  it('shows what comes too late at once, and nothing of what comes after it before', () => {
    const frames = Array.from({ length: 60 }, (_, n) => frame(n, 0))
    // Sent again, and whole 400 ms later: those behind it wait for it.
    frames[40] = frame(40, 400, { isRecovered: true })
    const shown = play(frames)
    expect(shown[40]).toBe(frames[40]!.atMs)
    expect(shown[41]).toBe(shown[40])
    expect(gapsOf(shown)[39]!).toBeGreaterThan(350)
  })

  it('does not take a retransmission for jitter', () => {
    const [playout, jittery] = [new Playout(), new Playout()]
    const late = (n: number) => (n % 10 ? 0 : 90)
    play(
      Array.from({ length: 300 }, (_, n) => frame(n, late(n), { isRecovered: late(n) > 0 })),
      playout,
    )
    play(
      Array.from({ length: 300 }, (_, n) => frame(n, late(n))),
      jittery,
    )
    expect(playout.delayMs).toBeLessThan(jittery.delayMs / 2)
  })

  it('learns that the way has become longer', () => {
    const shown = play(Array.from({ length: 600 }, (_, n) => frame(n, n < 200 ? 0 : 300)))
    for (const gapMs of gapsOf(shown.slice(450))) expect(gapMs).toBeCloseTo(intervalMs, 0)
  })

  it('begins anew after a long silence', () => {
    const playout = new Playout()
    const draw = seeded(1)
    play(inOrder(Array.from({ length: 300 }, (_, n) => frame(n, 100 * draw()))), playout)
    const shown = play(
      Array.from({ length: 100 }, (_, n) => frame(1000 + n, 0)),
      playout,
    )
    expect(shown[99]! - frame(1099, 0).atMs).toBeLessThan(15)
  })

  it('never shows a frame before it is there nor before the one before it, nor holds it back for long', () => {
    const frames = fc.array(
      fc.record({
        delayMs: fc.double({ min: 0, max: 3000, noNaN: true }),
        bytes: fc.integer({ min: 1, max: 2_000_000 }),
        isRecovered: fc.boolean(),
      }),
      { minLength: 1, maxLength: 200 },
    )
    fc.assert(
      fc.property(frames, (list) => {
        const playout = new Playout()
        let before = Number.NEGATIVE_INFINITY
        for (const [n, { delayMs, ...rest }] of list.entries()) {
          const one = frame(n, delayMs, rest)
          const shownAtMs = playout.show(one)
          expect(shownAtMs).toBeGreaterThanOrEqual(Math.max(before, one.atMs))
          expect(Number.isFinite(shownAtMs)).toBe(true)
          before = shownAtMs
        }
      }),
    )
  })
})
