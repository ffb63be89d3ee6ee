import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createTaskTracker } from '../../../src/lib/base/tasks.ts'
import type { ContentStore } from '../../../src/lib/content/store.ts'
import type { MediaPlane } from '../../../src/lib/engine/media-plane.ts'
import { createOpener } from '../../../src/lib/engine/open-stream.ts'
import { createStreamRegistry } from '../../../src/lib/engine/stream-registry.ts'
import type { MediaInfo } from '../../../src/lib/model/stream.ts'
import type { SourceRef } from '../../../src/lib/protocol/media-plane.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const info: MediaInfo = { container: 'webm', durationS: 1, rungs: [], mode: 'fixed', rotation: 0, tracks: [] }
const source: SourceRef = { id: 'bafy', entry: 'a', files: { a: { cid: 'bafy', sizeBytes: 7 } } }
const full = () => {
  throw new McpxError('DISK_FULL', 'no space left')
}

/** A media plane that answers what the test says and keeps account of the places taken on it. */
function createRig(options: { answer?: (method: string, signal?: AbortSignal) => Promise<unknown>; put?: () => void }) {
  const { answer = async () => info, put = () => {} } = options
  const clock = new FakeClock()
  const calls: string[] = []
  let placed = 0
  const media = {
    size: 1,
    place: () => {
      placed++
      return 0
    },
    release: () => {
      placed--
    },
    call: (_worker: number, method: string, _params: unknown, signal?: AbortSignal) => {
      calls.push(method)
      return method === 'close' ? Promise.resolve(undefined) : answer(method, signal)
    },
    health: () => [],
    stop: async () => {},
  } as unknown as MediaPlane
  const limits = { maxStreams: 1, maxWaitingPerOwner: 1, keptClosed: 1 }
  const registry = createStreamRegistry(limits, clock, () => {})
  const stopping = new AbortController()
  const unwatched: string[] = []
  const opener = createOpener(
    { openTimeoutMs: 1000, viewerTimeoutMs: 5000 },
    {
      store: { sourceRef: async () => source } as unknown as ContentStore,
      metadata: { get: () => undefined, put },
      media,
      registry,
      tasks: createTaskTracker(),
      clock,
      logger: silentLogger,
      stopping: stopping.signal,
      onUnwatched: (streamId) => unwatched.push(streamId),
    },
  )
  return { ...opener, clock, calls, registry, stopping, unwatched, placed: () => placed }
}

describe('opening a stream', () => {
  it('keeps a place for the viewer, and says so when none comes', async () => {
    const rig = createRig({})
    const { id } = await rig.open({ content: 'bafy' })
    expect(rig.registry.get(id)).toMatchObject({ state: 'waiting', quality: 'auto', media: info, worker: 0 })
    rig.clock.advance(5000)
    expect(rig.unwatched).toEqual([id])
  })

  it('plays also where what was found out cannot be kept', async () => {
    const rig = createRig({ put: full })
    await expect(rig.open({ content: 'bafy' })).resolves.toMatchObject({ state: 'waiting' })
    await expect(rig.probe('bafy')).resolves.toEqual(info)
  })

  it('gives its places back and tells the worker when the content does not come in time', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const rig = createRig({ answer: () => promise })
    const opening = rig.open({ content: 'bafy' })
    await expect(rig.open({ content: 'bafy' })).rejects.toMatchObject({ code: 'TOO_MANY_STREAMS' })
    await rig.clock.advanceAsync(1000)
    await expect(opening).rejects.toMatchObject({ code: 'CONTENT_TIMEOUT' })
    // An answer that comes after all opens nothing.
    resolve(info)
    await rig.clock.advanceAsync(1)
    expect(rig.registry.list()).toEqual([])
    expect(rig.placed()).toBe(0)
    expect(rig.calls).toEqual(['open', 'close'])
    rig.registry.reserve(undefined)
  })

  it('opens nothing once the server stops', async () => {
    const rig = createRig({})
    rig.stopping.abort(new McpxError('INTERRUPTED', 'the server is stopping'))
    await expect(rig.open({ content: 'bafy' })).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(rig.calls).toEqual([])
  })
})
