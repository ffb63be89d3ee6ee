import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { CID } from '../../../src/lib/content/cid.ts'
import { detectEncoder } from '../../../src/lib/media/transcode/detect-encoder.ts'
import type { StreamRecord } from '../../../src/lib/model/stream.ts'
import { clip, hasFfmpeg } from '../../support/clips.ts'
import { input } from '../../support/content.ts'
import {
  startTestEngine,
  type TestEngine,
  type TestEngineOptions,
  type Watching,
  watch,
  watchOver,
} from '../../support/engine.ts'
import { until } from '../../support/webrtc-pair.ts'

const running: TestEngine[] = []
const watching: Watching[] = []
afterEach(async () => {
  await Promise.all(watching.splice(0).map(({ viewer }) => viewer.close()))
  await Promise.all(running.splice(0).map((test) => test.end()))
})

async function start(options: TestEngineOptions = {}): Promise<TestEngine> {
  const test = await startTestEngine(options)
  running.push(test)
  return test
}

async function connect({ engine }: TestEngine, stream: StreamRecord): Promise<Watching> {
  const viewer = await watch((sdp) => engine.acceptOffer(stream.id, sdp))
  watching.push(viewer)
  await until(() => viewer.frames.length > 5, 10_000)
  return viewer
}

const openStreams = (engine: TestEngine['engine']) => engine.list().filter(({ state }) => state !== 'closed')

/** A CID that nobody has a block of. */
const missing = () => {
  const digest = Buffer.concat([Buffer.from([0x12, 0x20]), randomBytes(32)])
  return CID.decode(Buffer.concat([Buffer.from([1, 0x55]), digest])).toString()
}

/** One engine for the tests that leave it whole: every stream of it is closed after each. */
function shareEngine(options: TestEngineOptions = {}): () => TestEngine {
  let shared: TestEngine
  beforeAll(async () => {
    shared = await startTestEngine(options)
  })
  afterEach(async () => {
    await shared.engine.closeAll()
  })
  afterAll(() => shared?.end())
  return () => shared
}

describe('an engine with worker threads', () => {
  const shared = shareEngine()

  it('opens, plays, lists and closes a stream', async () => {
    const test = shared()
    const { engine } = test
    const changes: StreamRecord[] = []
    engine.events.on('stream', (record) => changes.push(record))
    const content = await engine.sample()
    expect(engine.info.sampleCid).toBe(content)
    const stream = await engine.open({ content, quality: 'low' })
    expect(stream).toMatchObject({ content, state: 'waiting', quality: 'low', media: { mode: 'ladder' }, sent: [] })
    const viewer = await connect(test, stream)
    expect(engine.get(stream.id)).toMatchObject({ state: 'active', peer: expect.stringMatching(/^127\.0\.0\.1:/) })
    expect(openStreams(engine)).toEqual([engine.get(stream.id)])
    expect(engine.get(stream.id)!.sent.map(({ codec }) => codec)).toEqual(['vp9', 'opus'])
    await engine.command(stream.id, { type: 'seek', timeS: 10 })
    await until(() => viewer.notes.some((note) => note.type === 'epoch' && note.epoch.mediaTimeS >= 9.9))
    expect((await engine.stats(stream.id)).mediaTimeS).toBeGreaterThan(9)
    await engine.close(stream.id)
    await until(() => viewer.notes.some(({ type }) => type === 'closed'))
    expect(engine.get(stream.id)).toMatchObject({ state: 'closed', closeReason: 'requested' })
    expect(changes.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1])).toEqual([
      'waiting',
      'connecting',
      'active',
      'closed',
    ])
    await expect(engine.close(stream.id)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
    await expect(engine.stats(stream.id)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
  })

  it('offers to viewers that answer', async () => {
    const { engine } = shared()
    const stream = await engine.open({ content: await engine.sample() })
    await expect(engine.acceptAnswer(stream.id, 'v=0')).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
    const candidates: unknown[] = []
    engine.events.on('candidate', (_id, candidate) => candidates.push(candidate))
    const viewer = await watchOver(async (peer) => {
      const { sdp } = await engine.createOffer(stream.id)
      await expect(engine.acceptAnswer(stream.id, 'v=1')).rejects.toMatchObject({ code: 'INVALID_SDP' })
      await engine.acceptAnswer(stream.id, await peer.acceptOffer(sdp))
    })
    watching.push(viewer)
    await until(() => viewer.frames.length > 5)
    expect(candidates.at(-1)).toBeNull()
    await engine.addCandidate(stream.id, null)
  })

  it('refuses one stream too many, also of those that are being opened, and takes it when there is room', async () => {
    const { engine } = await start({ maxStreams: 2 })
    const content = await engine.sample()
    const opened = await Promise.allSettled([1, 2, 3].map(() => engine.open({ content })))
    expect(opened.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(opened[2]).toMatchObject({ reason: { code: 'TOO_MANY_STREAMS' } })
    expect(await engine.closeAll()).toBe(2)
    await engine.open({ content })
  })

  it('keeps the last closed streams, and no more', async () => {
    const { engine } = await start({ keptClosed: 2 })
    const content = await engine.sample()
    const ids: string[] = []
    for (let i = 0; i < 3; i++) {
      const { id } = await engine.open({ content })
      ids.unshift(id)
      await engine.close(id)
    }
    expect(engine.list().map(({ id }) => id)).toEqual(ids.slice(0, 2))
  })

  it('closes a stream to which no viewer comes, also when one was offered and never answered', async () => {
    const { engine } = await start({ viewerTimeoutMs: 200 })
    const content = await engine.sample()
    const streams = [await engine.open({ content }), await engine.open({ content })]
    await engine.createOffer(streams[1]!.id)
    await until(() => streams.every(({ id }) => engine.get(id)?.state === 'closed'))
    for (const { id } of streams) expect(engine.get(id)).toMatchObject({ closeReason: 'timeout' })
  })

  it('bounds the streams that one owner opens and nobody watches', async () => {
    const { engine } = await start({ maxWaitingPerOwner: 2 })
    const content = await engine.sample()
    await engine.open({ content, owner: '10.0.0.1' })
    const second = await engine.open({ content, owner: '10.0.0.1' })
    await expect(engine.open({ content, owner: '10.0.0.1' })).rejects.toMatchObject({ code: 'TOO_MANY_STREAMS' })
    await engine.open({ content, owner: '10.0.0.2' })
    await engine.close(second.id)
    await engine.open({ content, owner: '10.0.0.1' })
  })

  it('says what is wrong with content that is no media, and goes on', async () => {
    const { engine, content } = shared()
    const { cid } = await content.store.add([input('text.mp4', 'this is a text'.repeat(100))])
    await expect(engine.open({ content: cid })).rejects.toMatchObject({ code: 'NOT_MEDIA' })
    await expect(engine.open({ content: 'nonsense' })).rejects.toMatchObject({ code: 'INVALID_CID' })
    await expect(engine.probe(cid)).rejects.toMatchObject({ code: 'NOT_MEDIA' })
    await engine.open({ content: await engine.sample() })
    expect(openStreams(engine)).toHaveLength(1)
  })

  it('says which file of a ladder is not there, and every other stream goes on', async () => {
    const test = shared()
    const { engine, content, threads } = test
    const sample = await engine.open({ content: await engine.sample() })
    const viewer = await connect(test, sample)
    const ladder = await content.store.list(await engine.sample())
    const kept = ladder.filter(({ name }) => name !== '720p.mp4')
    const files = kept.map(({ name, cid }) => ({ path: `torn/${name}`, content: content.store.read(cid) }))
    const { cid } = await content.store.add(files)
    const torn = engine.open({ content: cid })
    await expect(torn).rejects.toMatchObject({ code: 'MEDIA_CORRUPT', message: expect.stringContaining('720p.mp4') })
    const seen = viewer.frames.length
    await until(() => viewer.frames.length > seen + 20)
    expect(threads).toHaveLength(1)
  })

  it('gives up on a block that never comes, and stops asking for it', async () => {
    const cid = missing()
    const asked: AbortSignal[] = []
    const { engine } = await start({
      openTimeoutMs: 300,
      store: (store) => ({
        ...store,
        sourceRef: async () => ({ id: cid, entry: 'a.mp4', files: { 'a.mp4': { cid, sizeBytes: 1_000_000 } } }),
        ensureBlock: (_cid, { signal } = {}) => {
          asked.push(signal!)
          return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
        },
      }),
    })
    await expect(engine.open({ content: cid })).rejects.toMatchObject({ code: 'CONTENT_TIMEOUT' })
    await until(() => asked.length > 0 && asked.every(({ aborted }) => aborted))
    expect(engine.list()).toEqual([])
  })

  it('lets go of an open whose asker is gone', async () => {
    const cid = missing()
    const asked: AbortSignal[] = []
    const { engine } = await start({
      store: (store) => ({
        ...store,
        sourceRef: async () => ({ id: cid, entry: 'a.mp4', files: { 'a.mp4': { cid, sizeBytes: 1_000_000 } } }),
        ensureBlock: (_cid, { signal } = {}) => {
          asked.push(signal!)
          return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
        },
      }),
    })
    const asker = new AbortController()
    const opening = engine.open({ content: cid, signal: asker.signal })
    await until(() => asked.length > 0)
    asker.abort(new McpxError('INTERRUPTED', 'the asker left'))
    await expect(opening).rejects.toMatchObject({ message: 'the asker left' })
    await until(() => asked.every(({ aborted }) => aborted))
  })

  it('stops while it opens, and leaves no handle behind', async () => {
    const handles = () =>
      process
        .getActiveResourcesInfo()
        .filter((name) => !/Timeout|Immediate|FSReq/.test(name))
        .sort()
    const before = handles()
    const cid = missing()
    let asked = 0
    const test = await startTestEngine({
      workerCount: 2,
      store: (store) => ({
        ...store,
        sourceRef: (content, options) =>
          content === cid
            ? Promise.resolve({ id: cid, entry: 'a', files: { a: { cid, sizeBytes: 1e6 } } })
            : store.sourceRef(content, options),
        ensureBlock: () => {
          asked++
          return new Promise(() => {})
        },
      }),
    })
    const viewer = await watch(async (sdp) => {
      const stream = await test.engine.open({ content: await test.engine.sample() })
      return test.engine.acceptOffer(stream.id, sdp)
    })
    const opening = expect(test.engine.open({ content: cid })).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await until(() => asked > 0 && viewer.frames.length > 0)
    await test.end()
    await opening
    await test.engine.stop()
    await expect(test.engine.open({ content: cid })).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await viewer.viewer.close()
    await until(() => handles().length <= before.length)
    expect(handles()).toEqual(before)
  })

  it('loses the streams of a worker that dies, says why, and plays new ones', async () => {
    const test = await start()
    const { engine, threads } = test
    const content = await engine.sample()
    const stream = await engine.open({ content })
    await connect(test, stream)
    await threads[0]!.worker.terminate()
    await until(() => engine.get(stream.id)?.state === 'closed')
    expect(engine.get(stream.id)).toMatchObject({
      closeReason: 'content_failed',
      error: { code: 'INTERNAL', message: expect.stringContaining('worker') },
    })
    const again = await engine.open({ content })
    await connect(test, again)
    expect(threads.map(({ name }) => name)).toEqual(['media-worker', 'media-worker'])
  })

  it('tells an open that is under way when its worker dies', async () => {
    const cid = missing()
    let asked = 0
    const { engine, threads } = await start({
      store: (store) => ({
        ...store,
        sourceRef: async () => ({ id: cid, entry: 'a', files: { a: { cid, sizeBytes: 1e6 } } }),
        ensureBlock: () => {
          asked++
          return new Promise(() => {})
        },
      }),
    })
    const opening = expect(engine.open({ content: cid })).rejects.toMatchObject({ code: 'INTERNAL' })
    await until(() => asked > 0)
    await threads[0]!.worker.terminate()
    await opening
  })

  it('does not start on a port that is taken, and leaves no thread', async () => {
    const first = await start()
    const stream = await first.engine.open({ content: await first.engine.sample() })
    const { sdp } = await first.engine.createOffer(stream.id)
    const udpPort = Number(/ 127\.0\.0\.1 (\d+) typ host/.exec(sdp)![1])
    const { blocksPath } = first.content
    const peer = { iceServers: [], announceAddresses: [], bindAddresses: ['127.0.0.1'], udpPort }
    const workers = [
      { index: 0, blocksPath, memoryCacheBytes: 0, renditionCacheBytes: 0, peer, snapshotIntervalMs: 1000 } as const,
    ].map((worker) => ({ ...worker, logLevel: 'error' as const, encoder: 'none' as const }))
    await expect(startTestEngine({ workers })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })
})

const encoder = await detectEncoder()

describe.skipIf(!hasFfmpeg || encoder === 'none')('an engine that transcodes', () => {
  const shared = shareEngine({ encoder })

  it('shows what the content is to the viewer: upright once it is turned', async () => {
    const test = shared()
    const { engine, content } = test
    const file = { path: 'clip.mp4', content: createReadStream(await clip('rotated.mp4')) }
    const { cid } = await content.store.add([file])
    const stream = await engine.open({ content: cid })
    expect(stream.media).toMatchObject({ rotation: 270, rungs: [{ width: 320, height: 180 }] })
    await connect(test, stream)
    expect(engine.get(stream.id)!.media).toMatchObject({ rotation: 0, rungs: [{ width: 180, height: 320 }] })
    expect(await engine.probe(cid)).toEqual(stream.media)
  })

  it('plays an MP4 with B-frames and AAC', async () => {
    const test = shared()
    const { engine, content } = test
    const file = { path: 'clip.mp4', content: createReadStream(await clip('h264-b-frames.mp4')) }
    const { cid } = await content.store.add([file])
    const stream = await engine.open({ content: cid })
    const viewer = await connect(test, stream)
    expect(engine.get(stream.id)!.sent).toMatchObject([{ transcoded: true }, { transcoded: true }])
    await until(() => viewer.notes.some(({ type }) => type === 'ended'), 10_000)
    expect(viewer.notes.filter(({ type }) => type === 'error')).toEqual([])
  })
})
