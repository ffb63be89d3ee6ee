import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { createLogger } from '../../../src/lib/base/logger.ts'
import { createMonitor, type Monitor } from '../../../src/lib/monitor/monitor.ts'
import { keepRecordFiles, safeName } from '../../../src/lib/monitor/record-files.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, snapshotOf } from '../../support/http-engine.ts'

let folder: string
let monitor: Monitor
const engine = createMemoryEngine()
const clock = createStillClock(Date.parse('2026-05-04T12:00:00Z'))
const lines: string[] = []
const logger = createLogger({ level: 'info', write: (line) => lines.push(line) })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-records-'))
  lines.length = 0
  monitor = createMonitor({ engine, clock, logger })
})
afterEach(async () => {
  monitor.close()
  await rm(folder, { recursive: true })
})

const keep = (change = {}) => keepRecordFiles({ monitor, folder, clock, logger, ...change })
const names = async (of: string) => (await readdir(join(folder, of)).catch(() => [])).sort()
const read = async (of: string, name: string) => JSON.parse(await readFile(join(folder, of, name), 'utf8'))

describe('records of what is over', () => {
  it('hold the whole of a connection', async () => {
    const records = keep()
    const { id } = await engine.open({ content: cids.film })
    engine.set(id, { sent: [{ kind: 'video', codec: 'vp9', sourceCodec: 'vp9', transcoded: false }] })
    engine.tell(snapshotOf(engine.get(id)!))
    expect(await names('connections')).toEqual([])
    const error = { code: 'MEDIA_CORRUPT', message: 'torn', hint: '' } as const
    engine.set(id, { state: 'closed', closeReason: 'content_failed', closedAtMs: clock.wallMs() + 5000, error })
    await records.close()
    const [name, ...others] = await names('connections')
    expect([name, others]).toEqual([`20260504_120005_${id}.json`, []])
    expect(await read('connections', name!)).not.toHaveProperty('async_tasks')
    expect(await read('connections', name!)).toMatchObject({
      version: 1,
      connection_id: id,
      content: cids.film,
      closed_at: '2026-05-04T12:00:05.000Z',
      close_reason: 'content_failed',
      error: { code: 'MEDIA_CORRUPT', error: 'torn' },
      tracks: [{ kind: 'video', codec: 'vp9', transcoded: false }],
      errors: [{ code: 'MEDIA_CORRUPT', error: 'torn' }],
      lifecycle_events: expect.arrayContaining([expect.objectContaining({ type: 'connection_removed' })]),
      stats: { streamId: id },
    })
  })

  it('hold each operation once it is over, also one that failed', async () => {
    const records = keep()
    const { operations } = monitor
    await operations.run('stream_content', { connectionId: 'c', correlationId: 'r' }, async () => {})
    await operations
      .run('set_quality', {}, async () => Promise.reject(new McpxError('INVALID_CID', 'no')))
      .catch(() => {})
    void operations.run('goes_on', {}, () => new Promise(() => {}))
    await records.close()
    const files = await names('operations')
    expect(files.map((name) => name.replace(/[0-9a-f-]{36}/, 'id'))).toEqual([
      '20260504_120000_set_quality_id.json',
      '20260504_120000_stream_content_id.json',
    ])
    expect(await read('operations', files[0]!)).toMatchObject({
      version: 1,
      status: 'failed',
      error_code: 'INVALID_CID',
    })
    expect(await read('operations', files[1]!)).toMatchObject({
      connection_id: 'c',
      correlation_id: 'r',
      success: true,
    })
  })

  it('stay as many as they may, also over runs', async () => {
    const limits = { maxEntries: 3, maxBytes: 1e6, maxAgeMs: 1e12 }
    for (let run = 0; run < 3; run++) {
      const records = keep({ limits })
      for (let n = 0; n < 4; n++) {
        clock.advance(1000)
        await monitor.operations.run(`op${run}${n}`, {}, async () => {})
      }
      await records.close()
      expect(await names('operations')).toHaveLength(3)
    }
    expect((await names('operations')).map((name) => name.slice(16, 20))).toEqual(['op21', 'op22', 'op23'])
  })

  it('are dropped and counted where the disk is too slow, and trouble is said once', async () => {
    const slow = keep()
    for (let n = 0; n < 1500; n++) monitor.operations.run('many', {}, async () => {})
    await Promise.resolve()
    await slow.close()
    const written = (await names('operations')).length
    expect(written).toBeLessThan(1500)
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ lost: 1500 - written })
    await rm(join(folder, 'operations'), { recursive: true })
    await writeFile(join(folder, 'operations'), '')
    const never = keep()
    for (let n = 0; n < 5; n++) await monitor.operations.run('never', {}, async () => {})
    await never.close()
    expect(lines.filter((line) => line.includes('are not written'))).toHaveLength(1)
  })
})

it('a name from outside is never a path', () => {
  expect(safeName('../../etc/passwd')).toBe('-etc-passwd')
  expect(safeName('')).toBe('-')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(safeName(name)).toMatch(/^[\w-]{1,80}$/)
    }),
  )
})
