import { describe, expect, it } from 'vitest'
import { withCorrelation } from '../../../src/lib/base/correlation.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { createOperationLog } from '../../../src/lib/monitor/operation-log.ts'
import { recordOperations } from '../../../src/lib/monitor/record-operations.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, offerSdp } from '../../support/http-engine.ts'

function setUp() {
  const bare = createMemoryEngine()
  const clock = createStillClock(1000)
  const operations = createOperationLog(clock, () => {})
  return { bare, clock, operations, engine: recordOperations(bare, operations) }
}

describe('operations', () => {
  it('are recorded with their connection, and with the request they belong to', async () => {
    const { engine, bare, operations } = setUp()
    const { id } = await withCorrelation('request-7', () => engine.open({ content: cids.film, quality: 'low' }))
    await engine.command(id, { type: 'quality', quality: 'high' })
    await bare.acceptOffer(id, offerSdp)
    await engine.command(id, { type: 'pause' })
    await engine.close(id)
    await engine.open({ content: cids.film, purpose: 'test' })
    await engine.closeAll()
    expect(operations.list()).toMatchObject([
      {
        type: 'stream_content',
        status: 'completed',
        connectionId: id,
        correlationId: 'request-7',
        details: { content: cids.film, quality: 'low' },
      },
      { type: 'set_quality', connectionId: id, details: { quality: 'high' } },
      { type: 'close_connection', connectionId: id, details: { reason: 'requested' } },
      { type: 'stream_test_content' },
      { type: 'close_all_connections', details: { connections_closed: 1 } },
    ])
    expect(new Set(operations.list().map(({ id }) => id)).size).toBe(5)
    expect(operations.list()[1]).not.toHaveProperty('correlationId')
    expect(operations.counts()).toEqual({ total: 5, started: 0, completed: 5, failed: 0, canceled: 0 })
  })

  it('that fail keep their error, and those that were interrupted are not failures', async () => {
    const { engine, bare, operations } = setUp()
    await expect(engine.open({ content: 'nonsense' })).rejects.toMatchObject({ code: 'INVALID_CID' })
    bare.close = () => Promise.reject(new McpxError('INTERRUPTED', 'the server is stopping'))
    await expect(engine.close('stream-1')).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(operations.list()).toMatchObject([
      { status: 'failed', error: { code: 'INVALID_CID' } },
      { status: 'canceled', connectionId: 'stream-1' },
    ])
    expect(operations.counts()).toMatchObject({ started: 0, failed: 1, canceled: 1 })
  })

  it('go on the record when they begin, and a million of them take no more room than some thousand', async () => {
    const { operations, clock } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    const slow = operations.run('slow', {}, () => promise)
    expect(operations.list()).toMatchObject([{ type: 'slow', status: 'started' }])
    clock.advance(250)
    resolve()
    await slow
    const [record] = operations.list()
    expect(record!.endedAtMs! - record!.startedAtMs).toBe(250)
    for (let i = 0; i < 20_000; i++) await operations.run('quick', {}, async () => {})
    expect(operations.list()).toHaveLength(5000)
    expect(operations.counts().total).toBe(20_001)
  })

  it('leave the engine as it was', () => {
    const { engine, bare } = setUp()
    expect(engine.info).toEqual(bare.info)
    expect(engine.events).toBe(bare.events)
    expect(engine.store).toBe(bare.store)
  })
})
