import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addSample } from '../../../src/lib/app/assets.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { type BlockReader, createBlockReader } from '../../../src/lib/content/block-reader.ts'
import type { Content } from '../../../src/lib/content/open-store.ts'
import { createRenditionCache } from '../../../src/lib/media/rendition-cache.ts'
import type { SourceRef } from '../../../src/lib/protocol/media-plane.ts'
import { viewerCodecs } from '../../../src/lib/webrtc/receiving-peer.ts'
import { type ContentShelf, createContentShelf, filesOf } from '../../../src/lib/worker/content-shelf.ts'
import { input, openTestContent } from '../../support/content.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/webrtc-pair.ts'

const never = new AbortController().signal
const viewer = { video: viewerCodecs.video, audio: viewerCodecs.audio }

let content: Content
let sample: SourceRef
let blocks: BlockReader
let shelf: ContentShelf
let clock: FakeClock
const renditions = () => createRenditionCache({ maxBytes: 2 ** 25, clock: new FakeClock() })
let cache: ReturnType<typeof renditions>
/** Blocks that are asked of the control plane, and how it answers. */
let fetched: { cid: string; signal: AbortSignal | undefined }[]
let fetchBlock: (cid: string, signal?: AbortSignal) => Promise<unknown>

beforeEach(async () => {
  content = await openTestContent({ offline: true })
  sample = await content.store.sourceRef(await addSample(content.store))
  clock = new FakeClock()
  fetched = []
  fetchBlock = () => Promise.reject(new McpxError('CONTENT_NOT_FOUND', 'nobody has it'))
  blocks = createBlockReader({
    blocksPath: content.blocksPath,
    memoryCacheBytes: 0,
    fetchBlock(cid, signal) {
      fetched.push({ cid, signal })
      return fetchBlock(cid, signal)
    },
  })
  cache = renditions()
  shelf = createContentShelf({
    clock,
    logger: silentLogger,
    blocks,
    renditions: cache,
    startJob: () => {
      throw new Error('nothing is transcoded here')
    },
    canTranscode: false,
  })
})
afterEach(async () => {
  shelf.close()
  blocks.close()
  await content.close()
})

/** A source whose blocks are nowhere. */
const missing: SourceRef = {
  id: 'missing',
  entry: 'a.mp4',
  files: { 'a.mp4': { cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy', sizeBytes: 100_000 } },
}

describe('the shelf of opened content', () => {
  it('reads content once, however many viewers come', async () => {
    const first = await shelf.acquire(sample, never)
    const readOnce = blocks.stats().diskHits
    expect(readOnce).toBeGreaterThan(0)
    const others = await Promise.all(Array.from({ length: 19 }, () => shelf.acquire(sample, never)))
    expect(blocks.stats().diskHits).toBe(readOnce)
    const gops = await Promise.all(
      [first, ...others].map(async (opened) => {
        const plan = opened.plan(viewer)
        return opened.feed(plan.video!, 2).feed.gopAt(3.5, never)
      }),
    )
    expect(new Set(gops).size).toBe(1)
    expect(cache.stats()).toMatchObject({ misses: 1, hits: 19 })
    expect(gops[0]).toMatchObject({ startS: 3 })
  })

  it('keeps content warm for a while after its last viewer, then closes it', async () => {
    const first = await shelf.acquire(sample, never)
    const before = blocks.stats().diskHits
    first.release()
    first.release()
    clock.advance(29_000)
    const second = await shelf.acquire(sample, never)
    expect(blocks.stats().diskHits).toBe(before)
    clock.advance(60_000)
    const plan = second.plan(viewer)
    await second.feed(plan.audio!, 0).feed.gopAt(0, never)
    second.release()
    clock.advance(30_001)
    await shelf.acquire(sample, never)
    expect(blocks.stats().diskHits).toBeGreaterThan(before)
  })

  it.each(['constructor', '__proto__', 'toString'])('holds no file named %s that is not in the source', (path) => {
    expect(() => filesOf(sample, blocks).open(path)).toThrow(expect.objectContaining({ code: 'MEDIA_CORRUPT' }))
  })

  it('ends the transcodes of content that nobody watches any more, at once', async () => {
    const jobs: AbortSignal[] = []
    const transcoding = createContentShelf({
      clock,
      logger: silentLogger,
      blocks,
      renditions: cache,
      canTranscode: true,
      startJob(_job, { signal }) {
        jobs.push(signal)
        const segments = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
        return { segments, grant() {} }
      },
    })
    const [first, second] = [await transcoding.acquire(sample, never), await transcoding.acquire(sample, never)]
    const plan = first.plan({ video: [{ codec: 'vp8', parameters: {} }], audio: [] })
    first
      .feed(plan.video!, 0)
      .feed.gopAt(0, never)
      .catch(() => {})
    await until(() => jobs.length === 1)
    first.release()
    await clock.advanceAsync(1)
    expect(jobs[0]!.aborted).toBe(false)
    second.release()
    await until(() => jobs[0]!.aborted)
    transcoding.close()
  })

  it('forgets content that could not be opened, so that the next one tries again', async () => {
    await expect(shelf.acquire(missing, never)).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
    const tries = fetched.length
    await expect(shelf.acquire(missing, never)).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
    expect(fetched.length).toBeGreaterThan(tries)
    const { cid } = await content.store.add([input('a.txt', 'no media at all, '.repeat(5000))])
    const text = await content.store.sourceRef(cid)
    await expect(shelf.acquire(text, never)).rejects.toMatchObject({ code: 'NOT_MEDIA' })
  })

  it('goes on opening for others when one gives up, and stops when all have', async () => {
    fetchBlock = (_cid, signal) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
    const [impatient, patient] = [new AbortController(), new AbortController()]
    const left = expect(shelf.acquire(missing, impatient.signal)).rejects.toThrow('too slow')
    const stays = expect(shelf.acquire(missing, patient.signal)).rejects.toThrow('me too')
    await until(() => fetched.length > 0)
    impatient.abort(new Error('too slow'))
    await left
    expect(fetched.every(({ signal }) => signal?.aborted)).toBe(false)
    patient.abort(new Error('me too'))
    await stays
    await until(() => fetched.every(({ signal }) => signal?.aborted))
  })

  it('chooses rungs, tracks and codecs of the content for a viewer', async () => {
    const opened = await shelf.acquire(sample, never)
    const plan = opened.plan(viewer)
    expect(plan.video?.rungs).toHaveLength(3)
    expect(opened.infoFor(plan)).toBe(opened.info)
    expect(() => opened.plan(viewer, 99)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    expect(() => opened.feed(plan.video!, 7)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
    expect(opened.offerCodecs()).toMatchObject({ video: [{ codec: 'vp9' }], audio: [{ codec: 'opus' }] })
    const h264Only = { video: viewer.video.filter(({ codec }) => codec === 'h264'), audio: [] }
    expect(() => opened.plan(h264Only)).toThrow(expect.objectContaining({ code: 'ENCODER_MISSING' }))
  })
})
