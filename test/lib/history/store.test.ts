import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryBatch, SampleRow } from '../../../src/lib/history/rows.ts'
import { type HistoryStore, openHistoryStore } from '../../../src/lib/history/store.ts'
import { eachFigure } from '../../../src/lib/model/figure-table.ts'

const nothing: HistoryBatch = { connections: [], samples: [], events: [], decisions: [], operations: [], workers: [] }
const noon = Date.parse('2026-05-04T12:00:00Z')
const dayMs = 86_400_000
const all = { fromMs: 0, toMs: noon + 40 * dayMs }

const sample = (atMs: number, change: Partial<SampleRow> = {}): SampleRow => ({
  ...eachFigure(() => null),
  atMs,
  connection: 'a',
  mediaTimeS: 1,
  quality: 'high',
  bitrateBps: 1e6,
  lossRatio: 0.01,
  roundTripMs: 20,
  jitterMs: 3,
  bufferS: 4,
  framesPerSecond: 30,
  health: 95,
  videoQuality: null,
  underruns: 0,
  freezeCount: null,
  freezeS: null,
  reasons: '',
  ...change,
})
const connection = (id: string, createdAtMs: number, closedAtMs: number | null = null) => ({
  id,
  content: 'bafy',
  createdAtMs,
  connectedAtMs: createdAtMs,
  closedAtMs,
  closeReason: null,
  errorCode: null,
  error: null,
  peer: null,
  codecs: 'vp9',
  firstFrameMs: 250,
  freezeCount: null,
  freezeS: null,
  underruns: 0,
})

const readlinkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

describe('the history', () => {
  let folder: string
  let store: HistoryStore
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcpx-history-'))
    store = openHistoryStore(folder)
  })
  afterEach(() => {
    store.close()
    rmSync(folder, { recursive: true })
  })
  const write = (batch: Partial<HistoryBatch>) => store.write({ ...nothing, ...batch })
  const rows = (...args: Parameters<HistoryStore['read']>) => store.read(...args).rows

  it('gives back what was written, of one connection or of all, in the order of time', () => {
    write({ samples: [sample(noon + 4000), sample(noon, { connection: 'b' })], connections: [connection('a', noon)] })
    write({ samples: [sample(noon + 2000)] })
    expect(rows('samples', all).map(({ at_ms }) => at_ms)).toEqual([noon, noon + 2000, noon + 4000])
    expect(rows('samples', { ...all, connection: 'b' })).toMatchObject([{ bitrate_bps: 1e6, video_quality: null }])
    expect(rows('samples', { fromMs: noon + 1, toMs: noon + 4000 })).toHaveLength(1)
    expect(rows('connections', all)).toMatchObject([{ id: 'a', codecs: 'vp9', first_frame_ms: 250 }])
  })

  it('keeps what changes under its key, with its last state', () => {
    write({ connections: [connection('a', noon)] })
    write({ connections: [connection('a', noon, noon + 9000)] })
    const operation = {
      id: 'o',
      type: 'stream_content',
      startedAtMs: noon,
      connection: 'a',
      correlation: 'r',
      errorCode: null,
      error: null,
      details: '{}',
    }
    write({ operations: [{ ...operation, status: 'started', endedAtMs: null }] })
    write({ operations: [{ ...operation, status: 'completed', endedAtMs: noon + 40 }] })
    write({ events: [{ atMs: noon, connection: 'a', type: 'error', details: '{"code":"X"}' }] })
    write({ workers: [{ atMs: noon, worker: 0, viewers: 2, cpuS: 1.5, rssBytes: 1e8, loopDelayP99Ms: 3 }] })
    expect(rows('connections', all)).toMatchObject([{ id: 'a', closed_at_ms: noon + 9000 }])
    expect(rows('operations', all)).toMatchObject([{ id: 'o', status: 'completed', ended_at_ms: noon + 40 }])
    expect(rows('events', all)).toMatchObject([{ type: 'error' }])
    expect(rows('workers', { ...all, connection: 'a' })).toMatchObject([{ viewers: 2, loop_delay_p99_ms: 3 }])
  })

  it('rolls samples up by the minute and the hour, and what nobody measured stays unknown', () => {
    for (let i = 0; i < 90; i++)
      write({ samples: [sample(noon + i * 2000, { bitrateBps: i, health: i < 30 ? null : 50 })] })
    const minutes = rows('minutes', all)
    expect(minutes.map(({ at_ms, samples }) => [at_ms, samples])).toEqual([0, 1, 2].map((n) => [noon + n * 60_000, 30]))
    expect(minutes[0]).toMatchObject({
      bitrate_bps_mean: 14.5,
      bitrate_bps_min: 0,
      bitrate_bps_max: 29,
      health_mean: null,
    })
    expect(rows('hours', all)).toMatchObject([
      {
        at_ms: noon,
        samples: 90,
        bitrate_bps_mean: 44.5,
        bitrate_bps_max: 89,
        health_mean: 50,
        video_quality_max: null,
      },
    ])
  })

  it('has a file a day, and a connection in every day that it was seen on', () => {
    const evening = Date.parse('2026-05-04T23:59:59Z')
    write({ samples: [sample(evening), sample(evening + 2000)], connections: [connection('a', noon)] })
    expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toEqual(['2026-05-04.db', '2026-05-05.db'])
    expect(rows('samples', all)).toHaveLength(2)
    expect(rows('connections', { fromMs: evening + 1000, toMs: evening + 5000 }).length).toBeGreaterThan(0)
  })

  it('gives columns row by row without keeping them, null for those that there are none of', () => {
    write({ samples: [sample(noon), sample(noon + dayMs, { lossRatio: null })], connections: [connection('a', noon)] })
    const rows: unknown[] = []
    const seen = store.scan('samples', all, ['at_ms', 'loss_ratio', 'nonsense'], (row) => rows.push([...row]))
    expect(rows).toEqual([
      [noon, 0.01, null],
      [noon + dayMs, null, null],
    ])
    expect(seen).toEqual({ damaged: [] })
  })

  it('takes up a file of the first version', () => {
    const worker = { atMs: noon, worker: 3, viewers: 1, cpuS: 1, rssBytes: 1, loopDelayP99Ms: 1 }
    write({ connections: [connection('a', noon)], workers: [worker] })
    store.close()
    const db = new DatabaseSync(join(folder, '2026-05-04.db'))
    for (const column of ['freeze_count', 'freeze_s', 'underruns'])
      db.exec(`ALTER TABLE connections DROP COLUMN ${column}`)
    db.exec('DROP TABLE decisions')
    db.exec('ALTER TABLE workers RENAME TO nodes')
    db.exec('PRAGMA user_version = 1')
    db.close()
    store = openHistoryStore(folder)
    expect(rows('connections', all)).toMatchObject([{ id: 'a', freeze_count: null }])
    write({ connections: [{ ...connection('b', noon), freezeCount: 2 }] })
    expect(rows('connections', all)).toMatchObject([{ id: 'a' }, { id: 'b', freeze_count: 2 }])
    const decision = {
      connection: 'a',
      type: 'quality',
      fromValue: 'auto',
      toValue: 'low',
      reason: 'viewer',
      inputs: null,
      reasonValues: null,
      decidedBy: 'viewer',
      fromRung: null,
      toRung: null,
    }
    write({ decisions: [{ ...decision, type: 'quality', atMs: noon }] })
    expect(rows('decisions', all)).toMatchObject([{ to_value: 'low', reason: 'viewer', decided_by: 'viewer' }])
    expect(rows('workers', all)).toMatchObject([{ worker: 3 }])
  })

  it('has columns for figures that came after the file', () => {
    write({ samples: [sample(noon)] })
    store.close()
    const db = new DatabaseSync(join(folder, '2026-05-04.db'))
    db.exec('ALTER TABLE samples DROP COLUMN jitter_ms')
    for (const table of ['minutes', 'hours'])
      for (const end of ['mean', 'min', 'max']) db.exec(`ALTER TABLE ${table} DROP COLUMN jitter_ms_${end}`)
    db.close()
    store = openHistoryStore(folder)
    write({ samples: [sample(noon + 2000, { jitterMs: 7 })] })
    expect(rows('samples', all)).toMatchObject([{ jitter_ms: null }, { jitter_ms: 7 }])
    expect(rows('minutes', all)).toMatchObject([
      { jitter_ms_mean: 7, samples: 2, loss_ratio_mean: 0.01, frames_per_second_max: expect.anything() },
    ])
  })

  it('gives as many rows as were asked for at most, over days too', () => {
    for (let at = 0; at < 6; at++) write({ samples: [sample(noon + (at * dayMs) / 2)] })
    for (const limit of [1, 3, 5]) expect(rows('samples', { ...all, limit })).toHaveLength(limit)
    expect(rows('samples', { ...all, limit: 99 })).toHaveLength(6)
  })

  it('forgets whole days by age and by size, never the day it is', () => {
    for (let day = 0; day < 10; day++) write({ samples: [sample(noon + day * dayMs)] })
    const nowMs = noon + 9 * dayMs
    expect(store.retain(nowMs, { maxAgeDays: 6, maxBytes: 1e9 })).toEqual(['2026-05-04', '2026-05-05', '2026-05-06'])
    expect(rows('samples', all)).toHaveLength(7)
    expect(store.retain(nowMs, { maxAgeDays: 6, maxBytes: 1 })).toHaveLength(6)
    expect(rows('samples', all)).toMatchObject([{ at_ms: nowMs }])
    expect(readdirSync(folder).every((name) => name.startsWith('2026-05-13'))).toBe(true)
    store.retain(nowMs, { maxAgeDays: 6, maxBytes: 1e9 })
    write({ samples: [sample(nowMs + 2000)] })
    expect(rows('samples', all)).toHaveLength(2)
  })

  it('keeps a day within the size too: its oldest samples go, their minutes stay', () => {
    const maxBytes = 400_000
    store.retain(noon, { maxAgeDays: 30, maxBytes })
    let removed = 0
    for (let at = 0; at < 60; at++)
      removed += write({
        samples: Array.from({ length: 200 }, (_, one) => sample(noon + at * 60_000 + one, { reasons: 'x'.repeat(50) })),
      }).removed
    store.close()
    expect(statSync(join(folder, '2026-05-04.db')).size).toBeLessThan(maxBytes * 1.5)
    const left = rows('samples', all)
    expect(left.length + removed).toBe(60 * 200)
    expect(left.length).toBeGreaterThan(200)
    expect(left.at(-1)).toMatchObject({ at_ms: noon + 59 * 60_000 + 199 })
    expect(rows('minutes', all).map(({ samples }) => samples)).toEqual(Array.from({ length: 60 }, () => 200))
  })

  it('reads the other days where one is damaged or of a newer version, and says which', () => {
    write({ samples: [sample(noon), sample(noon + 2 * dayMs)] })
    writeFileSync(join(folder, '2026-05-05.db'), Buffer.alloc(8192, 'garbage'))
    const newer = new DatabaseSync(join(folder, '2026-05-03.db'))
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    const { rows: found, damaged } = store.read('samples', all)
    expect(found).toHaveLength(2)
    expect(damaged).toEqual([
      expect.stringMatching(/^2026-05-03: .*version 99/),
      expect.stringMatching(/^2026-05-05: .*damaged/),
    ])
  })

  it('waits for somebody else who holds the file for a moment', async () => {
    write({ samples: [sample(noon)] })
    const script = `
      import { DatabaseSync } from 'node:sqlite'
      const db = new DatabaseSync(process.argv[1])
      db.exec('BEGIN IMMEDIATE')
      process.stdout.write('held')
      setTimeout(() => db.exec('COMMIT'), 200)`
    const file = join(folder, '2026-05-04.db')
    const other = spawn(process.execPath, ['--input-type=module', '-e', script, file])
    await once(other.stdout, 'data')
    write({ samples: [sample(noon + 2000)] })
    expect(rows('samples', all)).toHaveLength(2)
    await once(other, 'close')
  })

  it.runIf(process.platform === 'linux')('holds no file open that it cannot use', () => {
    const empty = new DatabaseSync(join(folder, '2026-05-04.db'))
    empty.exec('PRAGMA user_version = 4')
    empty.close()
    for (let time = 0; time < 5; time++) expect(store.read('samples', all).damaged).toHaveLength(1)
    const held = readdirSync('/proc/self/fd').map((fd) => readlinkOf(`/proc/self/fd/${fd}`))
    expect(held.filter((file) => file.startsWith(folder))).toEqual([])
  })

  it('begins a file anew where the one before was moved away or has failed', () => {
    write({ samples: [sample(noon)] })
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
    write({ samples: [sample(noon + 2000)] })
    expect(rows('samples', all)).toHaveLength(1)
    rmSync(folder, { recursive: true })
    write({ samples: [sample(noon + 4000)] })
    expect(rows('samples', all)).toMatchObject([{ at_ms: noon + 4000 }])
  })

  it('says why it cannot write where SQLite has rolled back by itself', () => {
    const module = resolve(import.meta.dirname, '../../../src/lib/history/store.ts')
    const script = `
      import { openHistoryStore } from ${JSON.stringify(module)}
      const store = openHistoryStore(process.argv[1])
      const nothing = ${JSON.stringify(nothing)}
      const reasons = 'x'.repeat(100_000)
      try {
        for (;;) store.write({ ...nothing, samples: [{ ...${JSON.stringify(sample(noon))}, reasons }] })
      } catch (error) {
        console.log(error.message)
      }`
    // No file may grow over 1 MiB: to SQLite that is a disk that fails.
    const limited = `trap '' XFSZ; ulimit -f 1024; exec "$0" "$@"`
    const node = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      script,
      folder,
    ]
    const { stdout } = spawnSync('bash', ['-c', limited, ...node], { encoding: 'utf8' })
    expect(stdout).toMatch(/full|I\/O/)
  })

  it('can be read by another process while it is written, and loses no batch that was written when its process is killed', async () => {
    const module = resolve(import.meta.dirname, '../../../src/lib/history/store.ts')
    const script = `
      import { openHistoryStore } from ${JSON.stringify(module)}
      const store = openHistoryStore(process.argv[1])
      const nothing = ${JSON.stringify(nothing)}
      const sample = ${JSON.stringify(sample(noon))}
      for (let n = 1; ; n++) {
        store.write({ ...nothing, samples: Array.from({ length: 50 }, (_, i) => ({ ...sample, atMs: sample.atMs + n * 50 + i })) })
        process.stdout.write(n + '\\n')
      }`
    const child = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      script,
      folder,
    ])
    let told = 0
    const enough = new Promise<void>((done) => {
      child.stdout.on('data', (bytes: Buffer) => {
        told = Number(bytes.toString().trim().split('\n').at(-1)) || told
        if (told > 20) done()
      })
    })
    await enough
    expect(rows('samples', all).length % 50).toBe(0)
    child.kill('SIGKILL')
    await once(child, 'close')
    const found = rows('samples', all).length
    expect(found % 50).toBe(0)
    expect(found).toBeGreaterThanOrEqual(told * 50)
    const db = new DatabaseSync(join(folder, '2026-05-04.db'), { readOnly: true })
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    db.close()
  })
})
