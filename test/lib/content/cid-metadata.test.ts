import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { type CidMetadataOptions, openCidMetadata } from '../../../src/lib/content/cid-metadata.ts'
import { createManualClock } from '../../support/content-clock.ts'

let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'mcpx-test-'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

const clock = createManualClock()
const record = (durationS: number) => ({
  sizeBytes: 2 ** 40 + durationS,
  media: { container: 'mp4', durationS, rungs: [], mode: 'fixed' as const, rotation: 0 as const, tracks: [] },
})
const open = (extra: Partial<CidMetadataOptions> = {}, index = 'a.db') =>
  openCidMetadata({
    indexFile: join(path, index),
    parquetPath: join(path, 'parquet'),
    clock,
    logger: silentLogger,
    ...extra,
  })
const parts = () => readdirSync(join(path, 'parquet'))

describe('the CID metadata cache', () => {
  it('remembers over a restart, and from the part files alone when the index is lost', async () => {
    const first = await open()
    first.put('one', record(1))
    first.put('two', record(2))
    clock.advance(1)
    await first.flush()
    first.put('one', record(3))
    expect(first.get('one')).toEqual(record(3))
    expect(first.get('none')).toBeUndefined()
    expect(first.stats()).toMatchObject({ records: 2, pending: 1, parts: 1, hits: 1, misses: 1 })
    await first.close()
    for (const index of ['a.db', 'new.db']) {
      const again = await open({}, index)
      expect(again.get('one')).toEqual(record(3))
      expect(again.get('two')).toEqual(record(2))
      await again.close()
    }
  })

  it('joins its parts, and keeps no more records than it may', async () => {
    const cache = await open({ maxParts: 3, maxRecords: 20 })
    for (let at = 0; at < 60; at++) {
      clock.advance(1)
      cache.put(`cid ${at}`, record(at))
      if (at % 5 === 4) await cache.flush()
    }
    expect(cache.stats().records).toBeLessThanOrEqual(20)
    expect(cache.stats().parts).toBeLessThanOrEqual(4)
    expect(cache.get('cid 59')).toEqual(record(59))
    expect(cache.get('cid 0')).toBeUndefined()
    await cache.close()
  })

  it('goes on beside a part that is damaged', async () => {
    const first = await open()
    first.put('one', record(1))
    await first.close()
    writeFileSync(join(path, 'parquet', parts()[0]!.replace(/-\w{8}\./, '-00000000.')), 'junk')
    const again = await open({}, 'new.db')
    expect(again.get('one')).toEqual(record(1))
    await again.close()
  })
})
