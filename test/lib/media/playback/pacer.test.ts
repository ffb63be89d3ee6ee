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

test('asked again only when it says, it lets out what it lets out when asked all the time', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 20, max: 900, noNaN: true }),
      fc.integer({ min: 1, max: 1460 }),
      (rate, packetBytes) => {
        const [often, seldom] = [createPacer(), createPacer()]
        for (const pacer of [often, seldom]) pacer.begin(rate, 0)
        const sent = { often: 0, seldom: 0 }
        let asked = 0
        for (let nowMs = 0; nowMs < 400; nowMs += 0.5) {
          while (often.take(packetBytes, nowMs)) sent.often += packetBytes
          if (nowMs >= seldom.readyMs()) {
            while (seldom.take(packetBytes, nowMs)) sent.seldom += packetBytes
            asked++
          }
          expect(Math.abs(sent.often - sent.seldom)).toBeLessThanOrEqual(packetBytes)
        }
        expect(asked).toBeLessThanOrEqual(2 + sent.seldom / packetBytes + 400 / 10)
      },
    ),
    { seed: 3 },
  )
})
