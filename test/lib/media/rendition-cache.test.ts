import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { createPacketizer } from '../../../src/lib/codec/index.ts'
import type { Rendition } from '../../../src/lib/media/rendition.ts'
import { createRenditionCache } from '../../../src/lib/media/rendition-cache.ts'
import type { Gop } from '../../../src/lib/model/frame.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const signal = new AbortController().signal
const packetizer = createPacketizer({ codec: 'vp8' })
const gopCount = 10

interface MemoryRendition extends Rendition {
  /** Starts of the GOPs that were read. */
  readonly read: number[]
  /** Holds reads back until it is called. */
  release(): void
  hold(): void
}

/** Ten GOPs of a second from `offsetS` on, of 1000 bytes each; `pieces` of one GOP when above 1. */
function memoryRendition(id = 'r', { offsetS = 0, pieces = 1 } = {}): MemoryRendition {
  let gate = Promise.resolve()
  let open = () => {}
  const read: number[] = []

  async function gop(index: number, wait: AbortSignal): Promise<Gop> {
    await Promise.race([gate, new Promise((_, reject) => wait.addEventListener('abort', () => reject(wait.reason)))])
    const startS = offsetS + index
    read.push(startS)
    const data = new Uint8Array(1000).fill(index + 1)
    const continues = index % pieces !== 0
    const frames = [{ timeS: startS, durationS: 1, isKey: !continues, data }]
    return { startS, endS: startS + 1, frames, byteLength: 1000, continues, isLast: index === gopCount - 1 }
  }

  return {
    id,
    track: { id: 1, kind: 'video', codec: 'vp8', codecString: 'vp8' },
    durationS: offsetS + gopCount,
    read,
    gopAt(timeS, wait) {
      const index = Math.min(gopCount - 1, Math.max(0, Math.floor(timeS - offsetS)))
      return gop(index - (index % pieces), wait)
    },
    gopAfter: async (after, wait) => (after.isLast ? undefined : gop(Math.round(after.endS - offsetS), wait)),
    close() {},
    hold() {
      gate = new Promise((resolve) => {
        open = resolve
      })
    },
    release: () => open(),
  }
}

describe('the rendition cache', () => {
  it('reads a GOP once, whoever asks and at whatever time in it', async () => {
    const cache = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() })
    const rendition = memoryRendition()
    const cached = cache.open(rendition, packetizer)
    const first = await cached.gopAt(0.2, signal)
    expect(await cached.gopAt(0.9, signal)).toBe(first)
    const second = await cached.gopAfter(first, signal)
    expect(await cached.gopAt(1.5, signal)).toBe(second)
    expect(await cached.gopAfter(first, signal)).toBe(second)
    expect(rendition.read).toEqual([0, 1])
    expect(cache.stats()).toMatchObject({ entries: 2, hits: 3, misses: 2 })
  })

  it('knows that nothing is before the first GOP', async () => {
    const rendition = memoryRendition('r', { offsetS: 0.5 })
    const cached = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() }).open(rendition, packetizer)
    const first = await cached.gopAt(0, signal)
    expect(first.startS).toBe(0.5)
    expect(await cached.gopAt(0.3, signal)).toBe(first)
    expect(rendition.read).toEqual([0.5])
  })

  it('lands on the piece with the key frame, and reads it when only a later piece is kept', async () => {
    const rendition = memoryRendition('r', { pieces: 3 })
    const cached = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() }).open(rendition, packetizer)
    const later = await cached.gopAfter({ startS: 3, endS: 4, isLast: false }, signal)
    expect(later).toMatchObject({ startS: 4, continues: true })
    expect(await cached.gopAt(4.5, signal)).toMatchObject({ startS: 3, continues: false })
    expect(await cached.gopAt(4.5, signal)).toMatchObject({ startS: 3 })
    expect(rendition.read).toEqual([4, 3])
  })

  it('counts how long its reads took, and those that failed for somebody who waited', async () => {
    const clock = new FakeClock()
    const cache = createRenditionCache({ maxBytes: 1e6, clock, readEdgesMs: [10, 100] })
    const rendition = memoryRendition()
    const slow = {
      ...rendition,
      id: 'slow',
      gopAt: async (timeS: number, at: AbortSignal) => {
        clock.stall(50)
        return rendition.gopAt(timeS, at)
      },
    }
    await cache.open(rendition, packetizer).gopAt(0, signal)
    await cache.open(slow, packetizer).gopAt(0, signal)
    expect(cache.stats()).toMatchObject({ reads: { upTo: [1, 2], count: 2, sum: 50 }, failedReads: 0 })
    const broken = { ...rendition, id: 'broken', gopAt: () => Promise.reject(new Error('torn')) }
    await expect(cache.open(broken, packetizer).gopAt(0, signal)).rejects.toThrow('torn')
    expect(cache.stats()).toMatchObject({ reads: { count: 2 }, failedReads: 1 })
  })

  it('ends after the last GOP without a read', async () => {
    const rendition = memoryRendition()
    const cached = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() }).open(rendition, packetizer)
    const last = await cached.gopAt(1000, signal)
    expect(await cached.gopAfter(last, signal)).toBeUndefined()
    expect(await cached.gopAt(2000, signal)).toBe(last)
    expect(rendition.read).toEqual([9])
  })

  it('reads once for all who ask at the same time', async () => {
    const cache = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() })
    const rendition = memoryRendition()
    const cached = cache.open(rendition, packetizer)
    const all = await Promise.all(Array.from({ length: 20 }, () => cached.gopAt(0, signal)))
    expect(new Set(all).size).toBe(1)
    expect(rendition.read).toEqual([0])
    expect(cache.stats()).toMatchObject({ hits: 19, misses: 1 })
  })

  it('lets one leave without hurting the others', async () => {
    const rendition = memoryRendition()
    rendition.hold()
    const cached = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() }).open(rendition, packetizer)
    const abort = new AbortController()
    const leaves = cached.gopAt(0, abort.signal)
    const stays = cached.gopAt(0, signal)
    abort.abort(new McpxError('INTERRUPTED', 'left'))
    await expect(leaves).rejects.toMatchObject({ message: 'left' })
    rendition.release()
    expect((await stays).startS).toBe(0)
  })

  it('aborts a read that nobody waits for any more, and reads anew for who comes next', async () => {
    const rendition = memoryRendition()
    rendition.hold()
    const cached = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() }).open(rendition, packetizer)
    const abort = new AbortController()
    const leaves = cached.gopAt(0, abort.signal)
    abort.abort(new McpxError('INTERRUPTED', 'left'))
    await expect(leaves).rejects.toMatchObject({ message: 'left' })
    const next = cached.gopAt(0, signal)
    rendition.release()
    expect((await next).startS).toBe(0)
    expect(rendition.read).toEqual([0])
  })

  it('does not keep a failure', async () => {
    let attempts = 0
    const rendition: Rendition = {
      ...memoryRendition(),
      gopAt(timeS, wait) {
        attempts++
        if (attempts === 1) return Promise.reject(new McpxError('CONTENT_TIMEOUT', 'late'))
        return memoryRendition().gopAt(timeS, wait)
      },
    }
    const cached = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() }).open(rendition, packetizer)
    await expect(cached.gopAt(0, signal)).rejects.toMatchObject({ code: 'CONTENT_TIMEOUT' })
    expect((await cached.gopAt(0, signal)).startS).toBe(0)
  })

  it('shares what it keeps among openings of the same rendition', async () => {
    const cache = createRenditionCache({ maxBytes: 1e6, clock: new FakeClock() })
    const [one, other, different] = [memoryRendition('a'), memoryRendition('a'), memoryRendition('b')]
    const gop = await cache.open(one, packetizer).gopAt(0, signal)
    expect(await cache.open(other, packetizer).gopAt(0, signal)).toBe(gop)
    expect(await cache.open(different, packetizer).gopAt(0, signal)).not.toBe(gop)
    expect(cache.open(one, packetizer)).toBe(cache.open(one, packetizer))
  })

  it('lets go of what was not used for longest', async () => {
    const cache = createRenditionCache({ maxBytes: 4000, clock: new FakeClock() }) // three GOPs of some 1300 bytes
    const rendition = memoryRendition()
    const cached = cache.open(rendition, packetizer)
    for (const timeS of [0, 1, 2, 0, 3]) await cached.gopAt(timeS, signal)
    expect(cache.stats().entries).toBe(3)
    await cached.gopAt(0, signal)
    expect(rendition.read).toEqual([0, 1, 2, 3])
    await cached.gopAt(1, signal)
    expect(rendition.read).toEqual([0, 1, 2, 3, 1])
  })

  it('stays within its bound and true to its source, whatever is asked', async () => {
    const ask = fc.tuple(fc.constantFrom('a', 'b'), fc.double({ min: -1, max: 12, noNaN: true }))
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { maxLength: 40 }), fc.integer({ min: 0, max: 9000 }), async (asks, maxBytes) => {
        const cache = createRenditionCache({ maxBytes, clock: new FakeClock() })
        const renditions = { a: memoryRendition('a', { pieces: 2 }), b: memoryRendition('b', { offsetS: 0.25 }) }
        for (const [name, timeS] of asks) {
          const gop = await cache.open(renditions[name as 'a' | 'b'], packetizer).gopAt(timeS, signal)
          const expected = await memoryRenditionOf(name).gopAt(timeS, signal)
          expect(gop.startS).toBe(expected.startS)
          await cache.open(renditions[name as 'a' | 'b'], packetizer).gopAfter(gop, signal)
          expect(cache.stats().bytes).toBeLessThanOrEqual(maxBytes)
        }
      }),
      { numRuns: 60, seed: 11 },
    )
  })
})

const memoryRenditionOf = (name: string) =>
  name === 'a' ? memoryRendition('a', { pieces: 2 }) : memoryRendition('b', { offsetS: 0.25 })
