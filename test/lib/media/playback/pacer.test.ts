import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPacer } from '../../../../src/lib/media/playback/pacer.ts'

test('whatever the ticks, what leaves stays below the rate plus 10 ms of it and two packets', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0.1, max: 400, noNaN: true }), fc.boolean()), { maxLength: 200 }),
      fc.integer({ min: 50, max: 5000 }),
      fc.integer({ min: 1, max: 1200 }),
      (ticks, rate, packetBytes) => {
        const pacer = createPacer()
        let nowMs = 0
        let sent = 0
        pacer.begin(rate, nowMs)
        for (const [stepMs, isNewFrame] of ticks) {
          nowMs += stepMs
          if (isNewFrame) pacer.begin(rate, nowMs)
          while (pacer.take(packetBytes, nowMs)) sent += packetBytes
          expect(sent).toBeLessThanOrEqual(nowMs * rate + 10 * rate + 2 * packetBytes)
        }
      },
    ),
  )
})

test('with ticks in time it reaches its rate', () => {
  const pacer = createPacer()
  let sent = 0
  pacer.begin(500, 0)
  for (let nowMs = 0; nowMs < 1000; nowMs += 2) while (pacer.take(1100, nowMs)) sent += 1100
  expect(sent).toBeGreaterThan(497_000)
})

test('after a stall no more than 10 ms are made up at once', () => {
  const pacer = createPacer()
  pacer.begin(500, 0)
  while (pacer.take(1100, 0));
  let sent = 0
  while (pacer.take(1100, 300)) sent += 1100
  expect(sent).toBeLessThanOrEqual(5000 + 1100)
})

test('another pace holds for the time since the last packet too, of which 10 ms count', () => {
  const pacer = createPacer()
  const sentAt = (nowMs: number) => {
    let sent = 0
    while (pacer.take(1000, nowMs)) sent += 1000
    return sent
  }
  pacer.begin(100, 0)
  sentAt(0)
  pacer.setPace(1000, 2)
  expect(sentAt(2)).toBeGreaterThan(0)
  pacer.setPace(1000, 1000)
  expect(sentAt(1000)).toBeLessThanOrEqual(10_000 + 1000)
  pacer.setPace(100, 1000)
  expect(sentAt(1000)).toBe(0)
})
