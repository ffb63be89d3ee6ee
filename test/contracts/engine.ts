// What every engine must do, as its doors rely on it: the real one, and the one without workers that the doors are tested with.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/lib/engine/engine.ts'
import type { StreamRecord } from '../../src/lib/model/stream.ts'
import { until } from '../support/webrtc-pair.ts'
import { absentCid } from './content-store.ts'

/** An engine with room for 3 streams, 2 of them without a viewer for each owner, which remembers 2 that have ended. */
export interface EngineUnderTest {
  readonly engine: Engine
  /** An offer as a viewer makes it. */
  offer(): Promise<string>
  /** The answer of a viewer to an offer of the engine. */
  answer(offer: string): Promise<string>
  /** Releases what `offer` and `answer` took, and the engine. */
  end(): Promise<void>
}

export const contractLimits = { maxStreams: 3, maxWaitingPerOwner: 2, keptClosed: 2 } as const

export function describeEngine(name: string, start: () => Promise<EngineUnderTest>): void {
  describe(`${name} keeps the contract of an engine`, () => {
    let subject: EngineUnderTest
    let engine: Engine
    let content: string
    beforeAll(async () => {
      subject = await start()
      engine = subject.engine
      content = await engine.sample()
    })
    afterAll(() => subject.end())

    /** What was told of the stream from now on; each state once. */
    function watchStates(): { states(id: string): string[]; last(id: string): StreamRecord | undefined } {
      const told: StreamRecord[] = []
      engine.events.on('stream', (record) => told.push(record))
      const of = (id: string) => told.filter((record) => record.id === id)
      return {
        states: (id) => of(id).flatMap(({ state }, i, all) => (state === all[i - 1]?.state ? [] : [state])),
        last: (id) => of(id).at(-1),
      }
    }

    /** What is sent to the viewer is decided, and known here. */
    const isSettled = (id: string) => engine.get(id)?.sent.length !== 0

    async function openOne(request: Partial<Parameters<Engine['open']>[0]> = {}): Promise<StreamRecord> {
      await engine.closeAll()
      return engine.open({ content, ...request })
    }

    it('opens content for a viewer to come, and tells of it', async () => {
      const told = watchStates()
      const record = await openOne({ quality: 'low' })
      expect(record).toMatchObject({
        state: 'waiting',
        quality: 'low',
        sent: [],
        media: { durationS: expect.any(Number), tracks: expect.any(Array) },
        peerStates: { connection: 'new', ice: 'new', signaling: 'stable', dataChannels: [] },
      })
      expect(record.content.startsWith(content)).toBe(true)
      expect(engine.get(record.id)).toEqual(record)
      expect(told.last(record.id)).toEqual(record)
      expect(engine.list()[0]).toEqual(record)
      expect((await openOne()).quality).toBe('auto')
    })

    it('says what is wrong with content, to open as to probe, and leaves nothing behind', async () => {
      await engine.closeAll()
      const before = engine.list()
      for (const ask of [(wrong: string) => engine.open({ content: wrong }), (wrong: string) => engine.probe(wrong)]) {
        await expect(ask('not a cid')).rejects.toMatchObject({ code: 'INVALID_CID' })
        await expect(ask(absentCid)).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
      }
      const gone = new Error('the client has gone')
      await expect(engine.open({ content, signal: AbortSignal.abort(gone) })).rejects.toBe(gone)
      expect(engine.list()).toEqual(before)
      expect(await engine.probe(content)).toMatchObject({ durationS: expect.any(Number), rungs: expect.any(Array) })
    })

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['acceptOffer', (id) => engine.acceptOffer(id, 'v=0')],
      ['createOffer', (id) => engine.createOffer(id)],
      ['acceptAnswer', (id) => engine.acceptAnswer(id, 'v=0')],
      ['addCandidate', (id) => engine.addCandidate(id, null)],
      ['command', (id) => engine.command(id, { type: 'play' })],
      ['stats', (id) => engine.stats(id)],
      ['close', (id) => engine.close(id)],
    ])('%s knows no stream that never was or that has ended', async (_, call) => {
      const { id } = await openOne()
      await engine.close(id)
      for (const wrong of ['nobody', '', id])
        await expect(call(wrong)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
      expect(engine.get('nobody')).toBeUndefined()
    })

    it('answers an offer, after which the viewer is on its way', async () => {
      const told = watchStates()
      const { id } = await openOne()
      expect((await engine.acceptOffer(id, await subject.offer())).sdp).toMatch(/^v=0\r\n/)
      await until(() => isSettled(id))
      expect(engine.get(id)).toMatchObject({ state: 'connecting', peerStates: { signaling: 'stable' } })
      expect(told.states(id)).toEqual(['waiting', 'connecting'])
      // An ICE restart is another offer.
      expect((await engine.acceptOffer(id, await subject.offer())).sdp).toMatch(/^v=0\r\n/)
    })

    it('offers, and takes one answer to it', async () => {
      const { id } = await openOne()
      await expect(engine.acceptAnswer(id, 'v=0')).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
      const { sdp } = await engine.createOffer(id)
      expect(sdp).toMatch(/^v=0\r\n/)
      await until(() => engine.get(id)?.peerStates.signaling === 'have-local-offer')
      expect(engine.get(id)?.state).toBe('connecting')
      await expect(engine.acceptAnswer(id, 'no SDP')).rejects.toMatchObject({ code: 'INVALID_SDP' })
      await engine.acceptAnswer(id, await subject.answer(sdp))
      await until(() => engine.get(id)?.peerStates.signaling === 'stable')
      await until(() => isSettled(id))
    })

    it('leaves a stream as it was after an offer or a candidate that makes no sense', async () => {
      const record = await openOne()
      await expect(engine.acceptOffer(record.id, 'no SDP')).rejects.toMatchObject({ code: 'INVALID_SDP' })
      const candidate = { candidate: 'garbage' }
      await expect(engine.addCandidate(record.id, candidate)).rejects.toMatchObject({ code: 'INVALID_SDP' })
      await engine.addCandidate(record.id, null)
      expect(engine.get(record.id)).toEqual(record)
    })

    it('takes a quality before there is a viewer, and other commands after', async () => {
      const { id } = await openOne()
      const commands = [{ type: 'pause' }, { type: 'play' }, { type: 'seek', timeS: 1 }] as const
      for (const command of commands)
        await expect(engine.command(id, command)).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
      await engine.command(id, { type: 'quality', quality: 'low' })
      await until(() => engine.get(id)?.quality === 'low')
      await engine.acceptOffer(id, await subject.offer())
      await until(() => isSettled(id))
      for (const command of commands) await engine.command(id, command)
      await engine.command(id, { type: 'quality', quality: 'auto' })
      await until(() => engine.get(id)?.quality === 'auto')
    })

    it('has statistics of a stream from its beginning', async () => {
      const { id } = await openOne()
      expect(await engine.stats(id)).toMatchObject({
        streamId: id,
        state: 'waiting',
        atMs: expect.any(Number),
        durationS: expect.any(Number),
        health: { version: expect.any(Number) },
      })
    })

    it('closes a stream once, says why, and tells nothing of it afterwards', async () => {
      const told = watchStates()
      const { id } = await openOne()
      await engine.acceptOffer(id, await subject.offer())
      await until(() => isSettled(id))
      await engine.close(id, 'viewer_left')
      const closed = engine.get(id)
      expect(closed).toMatchObject({
        state: 'closed',
        closeReason: 'viewer_left',
        closedAtMs: expect.any(Number),
        peerStates: { connection: 'closed', ice: 'closed', signaling: 'closed' },
      })
      await expect(engine.close(id)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
      expect(told.states(id)).toEqual(['waiting', 'connecting', 'closed'])
      expect(told.last(id)).toEqual(closed)
    })

    it('lists open streams first, then the last that have ended, the newest first, and no more', async () => {
      await engine.closeAll()
      const ids: string[] = []
      for (let i = 0; i < 3; i++) {
        const { id } = await engine.open({ content })
        ids.push(id)
      }
      for (const id of ids.slice(0, 2)) await engine.close(id)
      const { id: fourth } = await engine.open({ content })
      expect(engine.list().map(({ id }) => id)).toEqual([ids[2], fourth, ids[1], ids[0]])
      expect(await engine.closeAll()).toBe(2)
      expect(await engine.closeAll()).toBe(0)
      expect(engine.list().map(({ id, closeReason }) => [id, closeReason])).toEqual([
        [fourth, 'requested'],
        [ids[2], 'requested'],
      ])
    })

    it('opens no more than it has room for, also of those that are being opened, and again when there is room', async () => {
      await engine.closeAll()
      const opened = await Promise.allSettled([1, 2, 3, 4].map(() => engine.open({ content })))
      expect(opened.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
      expect(opened[3]).toMatchObject({ reason: { code: 'TOO_MANY_STREAMS' } })
      await engine.closeAll()
      for (let i = 0; i < 2; i++) await engine.open({ content, owner: '192.0.2.1' })
      const third = engine.open({ content, owner: '192.0.2.1' })
      await expect(third).rejects.toMatchObject({ code: 'TOO_MANY_STREAMS' })
      await engine.open({ content, owner: '192.0.2.2' })
    })

    it('ends every stream when it stops, and opens none afterwards', async () => {
      const { id } = await openOne()
      const told = watchStates()
      await engine.stop()
      expect(engine.get(id)).toMatchObject({ state: 'closed', closeReason: 'server_stopped' })
      expect(told.last(id)).toEqual(engine.get(id))
      await engine.stop()
      await expect(engine.open({ content })).rejects.toMatchObject({ code: 'INTERRUPTED' })
      await expect(engine.probe(content)).rejects.toMatchObject({ code: 'INTERRUPTED' })
    })
  })
}
