import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { addSample } from '../../../src/lib/app/assets.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import type { RpcPeer } from '../../../src/lib/base/rpc.ts'
import type { Content } from '../../../src/lib/content/open-store.ts'
import type { MeasuredSnapshot } from '../../../src/lib/model/figures.ts'
import type { Quality } from '../../../src/lib/model/quality.ts'
import {
  type HostMethods,
  type MediaEvents,
  type OpenParams,
  pacingErrorEdgesMs,
  type SourceRef,
  type WorkerHealth,
} from '../../../src/lib/protocol/media-plane.ts'
import { createPeerFactory } from '../../../src/lib/webrtc/peer-factory.ts'
import { createMediaRuntime, type MediaRuntime } from '../../../src/lib/worker/media-runtime.ts'
import { openTestContent } from '../../support/content.ts'
import { type Watching, watch, workerSettings } from '../../support/engine.ts'
import { PatientClock } from '../../support/patient-clock.ts'
import { layCable, type UdpCable } from '../../support/udp-cable.ts'
import { until } from '../../support/webrtc-pair.ts'

type Told = { [K in keyof MediaEvents]: { event: K; payload: MediaEvents[K] } }[keyof MediaEvents]

let content: Content
let source: SourceRef
let runtime: MediaRuntime
const told: Told[] = []
const clock = new PatientClock()
const watching: Watching[] = []
const cables: UdpCable[] = []
const context = { signal: new AbortController().signal }
let streams = 0

beforeAll(async () => {
  content = await openTestContent({ offline: true })
  source = await content.store.sourceRef(await addSample(content.store))
  const host: RpcPeer<HostMethods, MediaEvents> = {
    call: (method) => Promise.reject(new Error(`${method}: everything is here`)),
    emit: (event, payload) => told.push({ event, payload } as Told),
    close() {},
  }
  const deps = { clock, logger: silentLogger, random: () => 0.5, host, createPeers: createPeerFactory }
  runtime = await createMediaRuntime(workerSettings(content.blocksPath), deps)
})
afterEach(async () => {
  await Promise.all(watching.splice(0).map(({ viewer }) => viewer.close()))
  for (const cable of cables.splice(0)) cable.close()
  told.splice(0)
})
afterAll(async () => {
  await runtime.stop()
  await content.close()
})

async function play(overrides: Partial<OpenParams> = {}) {
  const streamId = `stream-${streams++}`
  const { handlers } = runtime
  const media = await handlers.open({ streamId, source, quality: 'low', startS: 0, loop: false, ...overrides }, context)
  const viewer = await watch(async (sdp) => handlers.acceptOffer({ streamId, sdp }, context))
  watching.push(viewer)
  await until(() => viewer.notes.some(({ type }) => type === 'media') && viewer.frames.length > 10)
  const stats = () =>
    handlers.snapshot({ streamId }, context) as Exclude<ReturnType<typeof handlers.snapshot>, Promise<unknown>>
  return { ...viewer, streamId, media, stats }
}

async function lay(): Promise<UdpCable> {
  const cable = await layCable()
  cables.push(cable)
  return cable
}

const lastNote = <T extends string>({ notes }: Pick<Watching, 'notes'>, type: T) =>
  notes.findLast((note) => note.type === type)

describe('a media worker in this process', () => {
  it('understands the sample and sends picture and sound of it', async () => {
    const { media, frames, notes, stats } = await play()
    expect(media).toMatchObject({ container: 'hls', mode: 'ladder' })
    expect(media.rungs.map(({ height }) => height)).toEqual([180, 360, 720])
    expect(media.durationS).toBeCloseTo(15, 0)
    expect(notes[0]).toMatchObject({ type: 'media', clockRate: 90_000, sent: [{ codec: 'vp9' }, { codec: 'opus' }] })
    await until(() => ['video', 'audio'].every((kind) => frames.filter((frame) => frame.kind === kind).length > 10))
    expect(frames.find(({ kind }) => kind === 'video')).toMatchObject({ isKey: true, isAfterLoss: false })
    const now = stats()
    expect(now).toMatchObject({ state: 'active', connectionState: 'connected', paused: false, underruns: 0 })
    expect(now.video!.framesSent).toBeGreaterThan(5)
    expect(now.firstPacketMs).toBeGreaterThan(0)
  })

  it('reports its health: viewers, CPU, cache, and how late its packets left', async () => {
    const { stats } = await play()
    const health = () => told.flatMap((one) => (one.event === 'health' ? [one.payload as WorkerHealth] : [])).at(-1)
    await until(() => (health()?.pacingErrors.count ?? 0) > 0)
    const { pacingErrors, ...rest } = health()!
    expect(rest).toMatchObject({ worker: 0, viewers: 1 })
    expect(rest.cpuS).toBeGreaterThan(0)
    expect(rest.renditionCacheBytes).toBeGreaterThan(0)
    const { upTo, count, sum } = pacingErrors
    expect(upTo).toHaveLength(pacingErrorEdgesMs.length)
    expect(upTo).toEqual(upTo.toSorted((a, b) => a - b))
    expect(upTo.at(-1)).toBeLessThanOrEqual(count)
    expect(sum).toBeGreaterThanOrEqual(0)
    expect(stats().state).toBe('active')
  })

  it('records what happened since the record before, whoever asks meanwhile', async () => {
    const { streamId, stats } = await play()
    const recorded = () =>
      told
        .flatMap((one) => (one.event === 'snapshots' ? one.payload : []))
        .filter((snapshot) => snapshot.streamId === streamId)
    await until(() => {
      stats()
      return recorded().length >= 3
    })
    const sent = ({ video, audio }: MeasuredSnapshot) => video!.bytesSent + audio!.bytesSent
    const [before, now] = recorded().slice(-2) as [MeasuredSnapshot, MeasuredSnapshot]
    expect(now.bitrateBps).toBeCloseTo(((sent(now) - sent(before)) * 8000) / (now.atMs - before.atMs), 3)
    // All that was sent is in one record or the other, with how late it left.
    expect(now.before).toMatchObject({ atMs: before.atMs, pacingErrors: before.pacingErrors })
    expect(now.pacingErrors!.count).toBeGreaterThan(before.pacingErrors!.count)
  })

  it('believes no report that cannot be', async () => {
    const { viewer, notes, stats } = await play()
    viewer.sendControl('{"type":"report","report":{"freezeCount":9007199254740991}}')
    await until(() => notes.some(({ type }) => type === 'error'))
    expect(stats()).toMatchObject({ isReporting: false })
  })

  it('seeks, and says where it landed', async () => {
    const viewer = await play()
    viewer.tell({ type: 'seek', timeS: 9 })
    await until(() => {
      const note = lastNote(viewer, 'epoch')
      return note?.type === 'epoch' && note.epoch.mediaTimeS >= 8 && note.epoch.rate === 1
    })
    expect(viewer.stats().mediaTimeS).toBeGreaterThan(8.9)
    viewer.tell({ type: 'seek', timeS: 1e9 })
    await until(() => lastNote(viewer, 'ended') !== undefined)
  })

  it('stands still while paused and goes on after', async () => {
    const viewer = await play()
    viewer.tell({ type: 'pause' })
    await until(() => viewer.stats().paused)
    told.splice(0)
    const { mediaTimeS } = viewer.stats()
    await until(() => told.filter(({ event }) => event === 'snapshots').length > 0)
    expect(viewer.stats().mediaTimeS).toBe(mediaTimeS)
    viewer.tell({ type: 'play' })
    await until(() => viewer.stats().mediaTimeS > mediaTimeS + 0.1)
    const resumed = lastNote(viewer, 'epoch')
    expect(resumed).toMatchObject({ paused: false, epoch: { rate: 1, mediaTimeS: expect.closeTo(mediaTimeS, 1) } })
  })

  it.each<[Quality, number]>([
    ['very_high', 720],
    ['medium', 360],
    ['very_low', 180],
  ])('switches to %s, and the picture on the wire has that size', async (quality, height) => {
    const viewer = await play({ quality: height === 360 ? 'very_low' : 'medium' })
    expect(viewer.pictureHeight()).not.toBe(height)
    viewer.tell({ type: 'quality', quality })
    await until(() => viewer.pictureHeight() === height)
    expect(lastNote(viewer, 'quality')).toMatchObject({ quality })
  })

  it('ends at the end, and starts over when it is told to loop', async () => {
    const viewer = await play({ startS: 14.6 })
    await until(() => lastNote(viewer, 'ended') !== undefined)
    expect(viewer.stats().state).toBe('ended')
    const looping = await play({ startS: 14.6, loop: true })
    await until(() => looping.stats().mediaTimeS < 2)
    expect(looping.stats().state).toBe('active')
  })

  it('answers what it cannot do over the same channel, and goes on', async () => {
    const viewer = await play()
    viewer.viewer.sendControl('{')
    viewer.viewer.sendControl('{"type":"audio","trackId":99}')
    await until(() => viewer.notes.filter(({ type }) => type === 'error').length === 2)
    expect(viewer.notes.flatMap((note) => (note.type === 'error' ? [note.code] : []))).toEqual([
      'INVALID_JSON',
      'INVALID_REQUEST',
    ])
    expect(viewer.stats().state).toBe('active')
  })

  it('tells that a viewer has left, once, and forgets it', async () => {
    const { viewer, streamId, stats } = await play()
    await viewer.close()
    const over = () => told.filter(({ event, payload }) => event === 'over' && payload.streamId === streamId)
    await until(() => over().length > 0)
    expect(over()).toEqual([{ event: 'over', payload: { streamId, reason: 'viewer_left' } }])
    expect(stats).toThrow(expect.objectContaining({ code: 'STREAM_NOT_FOUND' }))
  })

  it('gives up a viewer whose network is gone after ten seconds and a grace', async () => {
    const { handlers } = runtime
    const cable = await lay()
    const streamId = 'vanished'
    await handlers.open({ streamId, source, quality: 'low', startS: 0, loop: true }, context)
    const viewer = await watch(async (offer) => {
      const { sdp } = await handlers.acceptOffer({ streamId, sdp: cable.toServer(offer) }, context)
      return { sdp: cable.toViewer(sdp) }
    })
    watching.push(viewer)
    await until(() => viewer.frames.length > 10)
    cable.cut()
    for (let second = 0; second < 11; second++) clock.pass(1000)
    expect(await handlers.snapshot({ streamId }, context)).toMatchObject({ connectionState: 'disconnected' })
    const over = () => told.filter(({ event, payload }) => event === 'over' && payload.streamId === streamId)
    for (let second = 0; second < 14; second++) clock.pass(1000)
    expect(over()).toEqual([])
    clock.pass(1500)
    expect(over()).toMatchObject([{ payload: { streamId, reason: 'ice_failed', error: { code: 'PEER_FAILED' } } }])
  })

  it('goes on where it was when the network comes back, also at the end', async () => {
    const { handlers } = runtime
    const cable = await lay()
    const streamId = 'back-again'
    await handlers.open({ streamId, source, quality: 'low', startS: 14.6, loop: false }, context)
    const viewer = await watch(async (offer) => {
      const { sdp } = await handlers.acceptOffer({ streamId, sdp: cable.toServer(offer) }, context)
      return { sdp: cable.toViewer(sdp) }
    })
    watching.push(viewer)
    const stats = () => handlers.snapshot({ streamId }, context) as MeasuredSnapshot
    await until(() => stats().state === 'ended')
    cable.cut()
    for (let second = 0; second < 11; second++) clock.pass(1000)
    expect(stats().connectionState).toBe('disconnected')
    cable.mend()
    await until(() => {
      viewer.viewer.sendControl('{"type":"loop","loop":true}')
      clock.pass(500)
      return stats().connectionState === 'connected'
    })
    expect(stats().state).toBe('ended')
    clock.pass(20_000)
    viewer.tell({ type: 'seek', timeS: 3 })
    await until(() => stats().state === 'active' && stats().mediaTimeS > 3)
  })

  it('says whether ICE or DTLS failed', async () => {
    const { handlers } = runtime
    const cable = await lay()
    cable.cut()
    const streamId = 'unreachable'
    await handlers.open({ streamId, source, quality: 'low', startS: 0, loop: false }, context)
    const viewer = await watch(async (offer) => {
      const { sdp } = await handlers.acceptOffer({ streamId, sdp: cable.toServer(offer) }, context)
      return { sdp: cable.toViewer(sdp) }
    })
    watching.push(viewer)
    clock.pass(30_000)
    const over = told.find(({ event, payload }) => event === 'over' && payload.streamId === streamId)
    expect(over).toMatchObject({ payload: { reason: 'ice_failed', error: { code: 'PEER_FAILED' } } })
  })

  it('lets nobody negotiate with a stream that was closed meanwhile', async () => {
    const { handlers } = runtime
    const streamId = 'gone'
    await handlers.open({ streamId, source, quality: 'low', startS: 0, loop: false }, context)
    const negotiation = watch(async (sdp) => {
      const answer = handlers.acceptOffer({ streamId, sdp }, context)
      await handlers.close({ streamId, reason: 'requested' }, context)
      return answer
    })
    await expect(negotiation).rejects.toMatchObject({ code: expect.stringMatching(/STREAM_/) })
  })
})
