import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { expect, it, onTestFinished } from 'vitest'
import type { HistoryBatch } from '../../../src/lib/history/rows.ts'
import { openHistoryStore } from '../../../src/lib/history/store.ts'
import type { HistoryTable } from '../../../src/lib/model/history.ts'
import { jsonLinesOf, toJsonLines, toParquet } from '../../../src/lib/report/raw-data.ts'

const atMs = Date.parse('2026-05-04T12:00:00Z')
const nobody = {
  freezeCount: null,
  freezeS: null,
  underruns: 0,
  closeReason: null,
  errorCode: null,
  error: null,
  peer: null,
  firstFrameMs: null,
  closedAtMs: null,
}
const figures = {
  bitrateBps: 1e6,
  lossRatio: null,
  jitterMs: 2.5,
  roundTripMs: 40,
  bufferS: 1,
  framesPerSecond: 30,
  health: 90,
  videoQuality: null,
  jitterBufferMs: null,
  pacingErrorMs: null,
} as unknown as HistoryBatch['samples'][number]
const batch: HistoryBatch = {
  connections: [{ id: 'a', content: 'ba,"fy\n', createdAtMs: atMs, connectedAtMs: null, codecs: '', ...nobody }],
  samples: [
    {
      ...figures,
      atMs,
      connection: 'a',
      mediaTimeS: 1,
      quality: null,
      underruns: 0,
      freezeCount: null,
      freezeS: null,
      reasons: '−5: RTT',
    },
  ],
  events: [{ atMs, connection: 'a', type: 'error', details: '{"code":"X"}' }],
  operations: [
    {
      id: 'o',
      type: 'stream_content',
      status: 'started',
      startedAtMs: atMs,
      endedAtMs: null,
      connection: null,
      correlation: null,
      errorCode: null,
      error: null,
      details: '{}',
    },
  ],
  workers: [],
  decisions: [
    {
      atMs,
      connection: 'a',
      type: 'quality',
      fromValue: 'auto',
      toValue: 'low',
      reason: 'viewer',
      inputs: '{"rtt":1}',
      ...{ reasonValues: null, decidedBy: 'viewer', fromRung: null, toRung: null },
    },
  ],
}

it.each(['connections', 'samples', 'events', 'decisions', 'operations'] as const)(
  'rows of %s come back from Parquet and from JSON Lines as they are in the history',
  async (table: HistoryTable) => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpx-raw-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const store = openHistoryStore(folder)
    store.write(batch)
    const { rows } = store.read(table, { fromMs: 0, toMs: atMs + 1000 })
    store.close()
    expect(rows).toHaveLength(1)
    expect(
      toJsonLines(rows)
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual(rows.map((row) => ({ ...row })))

    const bytes = toParquet(rows)
    const file = bytes.buffer as ArrayBuffer
    const read = await parquetReadObjects({ file })
    const plain = read.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
      ),
    )
    expect(plain).toEqual(rows.map((row) => ({ ...row })))
    // A column that is empty here has the type that it has elsewhere.
    const { schema } = await parquetMetadataAsync({
      byteLength: file.byteLength,
      slice: (from, to) => file.slice(from, to),
    })
    const types = Object.fromEntries(schema.map(({ name, type }) => [name, type]))
    for (const [name, value] of Object.entries(rows[0]!))
      if (typeof value === 'string') expect(types[name], name).toBe('BYTE_ARRAY')
      else if (typeof value === 'number') expect(types[name], name).toBe(/at_ms$/.test(name) ? 'INT64' : 'DOUBLE')
    for (const name of ['error', 'peer', 'quality', 'correlation'])
      if (name in types) expect(types[name]).toBe('BYTE_ARRAY')
  },
)

it('JSON Lines in pieces are the same lines', () => {
  const rows = Array.from({ length: 25_000 }, (_, at) => ({ at_ms: at }))
  const pieces = [...jsonLinesOf(rows)]
  expect(pieces).toHaveLength(3)
  expect(pieces.join('')).toBe(toJsonLines(rows))
  expect([...jsonLinesOf([])]).toEqual([])
})
