import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { createStreamRegistry, type StreamLimits } from '../../../src/lib/engine/stream-registry.ts'
import type { StreamRecord } from '../../../src/lib/model/stream.ts'
import { newPeerStates } from '../../../src/lib/model/stream.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function createRig(limits: Partial<StreamLimits> = {}) {
  const clock = new FakeClock()
  const changes: StreamRecord[] = []
  const all = { maxStreams: 3, maxWaitingPerOwner: 2, keptClosed: 2, ...limits }
  const registry = createStreamRegistry(all, clock, (record) => changes.push(record))
  const add = (id: string, options: { worker?: number; owner?: string } = {}) => {
    const record = {
      id,
      content: 'bafy',
      state: 'waiting',
      quality: 'auto',
      createdAtMs: 0,
      sent: [],
      peerStates: newPeerStates,
    } as const
    const waiting = clock.after(1000, () => registry.close(id, 'timeout'))
    registry.add({ record, worker: options.worker ?? 0, owner: options.owner, waiting })
  }
  return { clock, changes, registry, add }
}

describe('the registry of streams', () => {
  it('counts those that are being opened, and gives their places back', () => {
    const { registry, add } = createRig()
    add('a')
    const giveBack = [registry.reserve(undefined), registry.reserve(undefined)]
    expect(() => registry.reserve(undefined)).toThrow(/3 streams are open/)
    giveBack[0]!()
    registry.reserve(undefined)
  })

  it('bounds what one owner has open without a viewer, and only that', () => {
    const { registry, add } = createRig({ maxStreams: 10 })
    add('a', { owner: 'one' })
    add('b', { owner: 'one' })
    expect(() => registry.reserve('one')).toThrow(/one has 2 streams open/)
    registry.reserve('two')
    registry.noteState({ streamId: 'a', state: 'active', peerStates: newPeerStates })
    registry.reserve('one')
  })

  it('waits for a viewer no longer once one is there, and keeps the time of the first connection', () => {
    const { registry, clock, add } = createRig()
    add('a')
    add('b')
    registry.noteState({ streamId: 'a', state: 'connecting', peerStates: newPeerStates })
    registry.noteState({ streamId: 'b', state: 'active', peerStates: newPeerStates, peer: '192.0.2.1' })
    const connectedAtMs = clock.wallMs()
    clock.advance(1000)
    registry.noteState({ streamId: 'b', state: 'active', peerStates: newPeerStates })
    expect(registry.get('a')).toMatchObject({ state: 'closed', closeReason: 'timeout' })
    expect(registry.get('b')).toMatchObject({ state: 'active', connectedAtMs, peer: '192.0.2.1' })
  })

  it('closes a stream once, with its error, and forgets the oldest of the closed', () => {
    const { registry, changes, clock, add } = createRig()
    for (const id of ['a', 'b', 'c']) add(id, { worker: 1 })
    expect(registry.open(1).map(({ record }) => record.id)).toEqual(['a', 'b', 'c'])
    expect(registry.open(0)).toEqual([])
    expect(registry.close('a', 'content_failed', new McpxError('MEDIA_CORRUPT', 'broken'))?.worker).toBe(1)
    expect(registry.close('a', 'requested')).toBeUndefined()
    expect(changes.at(-1)).toMatchObject({ id: 'a', state: 'closed', error: { code: 'MEDIA_CORRUPT' } })
    registry.update('a', { quality: 'high' })
    expect(registry.get('a')).toMatchObject({ quality: 'auto', closedAtMs: clock.wallMs() })
    expect(() => registry.find('a')).toThrow(/no open stream "a"/)
    registry.close('b', 'requested')
    registry.close('c', 'requested')
    expect(registry.list().map(({ id }) => id)).toEqual(['c', 'b'])
    expect(clock.pendingTimers).toBe(0)
  })
})
