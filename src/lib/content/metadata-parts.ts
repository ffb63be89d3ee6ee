// The Parquet files of the CID metadata cache: written whole, never changed, joined when they become many.
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { Logger } from '../base/logger.ts'
import type { MediaInfo } from '../model/stream.ts'

/** What a probe found out about a piece of content. */
export interface CidRecord {
  readonly sizeBytes: number
  readonly media: MediaInfo
}

/** A record as it is stored: one row of the index and of a part file. */
export interface MetadataRow extends CidRecord {
  readonly cid: string
  readonly writtenMs: number
  readonly accessedMs: number
}

interface MetadataParts {
  count(): number
  sizeBytes(): number
  write(rows: readonly MetadataRow[]): Promise<void>
  /** The latest row of each CID; parts that cannot be read are left alone and logged. */
  readAll(): Promise<MetadataRow[]>
  /** Joins all readable parts into one that holds the rows to keep. */
  compact(keep: (row: MetadataRow) => boolean): Promise<void>
}

/** In the key-value metadata of each file; a part with another version is not read. */
const schemaKey = 'mcpx.cid-metadata'
export const partsSchemaVersion = 1
const partName = /^cids-\d{15}-[0-9a-f]{8}\.parquet$/

export function openMetadataParts(path: string, logger: Logger): MetadataParts {
  // On a full disk the folder may be missing.
  const names = () => (existsSync(path) ? readdirSync(path) : []).filter((name) => partName.test(name)).sort()

  async function write(rows: readonly MetadataRow[]): Promise<void> {
    const latest = rows.reduce((most, { writtenMs }) => Math.max(most, writtenMs), 0)
    const file = join(path, `cids-${String(latest).padStart(15, '0')}-${randomUUID().slice(0, 8)}.parquet`)
    const beside = `${file}.tmp`
    try {
      await writeFile(beside, encode(rows))
      await rename(beside, file)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
  }

  /** The rows of one part, undefined when it is damaged or of another version. */
  async function read(name: string): Promise<MetadataRow[] | undefined> {
    try {
      return await decode(join(path, name))
    } catch (error) {
      logger.warn({ part: name, error: String(error) }, 'a part of the CID metadata cannot be read')
      return undefined
    }
  }

  async function readParts(): Promise<{ rows: Map<string, MetadataRow>; readable: string[] }> {
    const rows = new Map<string, MetadataRow>()
    const readable: string[] = []
    for (const name of names()) {
      const found = await read(name)
      if (!found) continue
      readable.push(name)
      for (const row of found) if (row.writtenMs >= (rows.get(row.cid)?.writtenMs ?? 0)) rows.set(row.cid, row)
    }
    return { rows, readable }
  }

  return {
    count: () => names().length,
    // A part may go meanwhile.
    sizeBytes: () =>
      names().reduce((sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0), 0),
    write,
    readAll: async () => [...(await readParts()).rows.values()],
    async compact(keep) {
      const { rows, readable } = await readParts()
      const kept = [...rows.values()].filter(keep)
      // First the new part, then the old ones away: a crash in between leaves duplicates, of which the latest counts.
      if (kept.length > 0) await write(kept)
      for (const name of readable) await rm(join(path, name), { force: true })
    },
  }
}

function encode(rows: readonly MetadataRow[]): Uint8Array {
  const column = <T>(pick: (row: MetadataRow) => T) => rows.map(pick)
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: 'cid', data: column((row) => row.cid), type: 'STRING' },
      { name: 'container', data: column((row) => row.media.container), type: 'STRING' },
      { name: 'duration_s', data: column((row) => row.media.durationS), type: 'DOUBLE' },
      { name: 'size_bytes', data: column((row) => BigInt(row.sizeBytes)), type: 'INT64' },
      { name: 'mode', data: column((row) => row.media.mode), type: 'STRING' },
      { name: 'media', data: column((row) => JSON.stringify(row.media)), type: 'STRING' },
      { name: 'written_ms', data: column((row) => BigInt(row.writtenMs)), type: 'INT64' },
      { name: 'accessed_ms', data: column((row) => BigInt(row.accessedMs)), type: 'INT64' },
    ],
    kvMetadata: [{ key: schemaKey, value: String(partsSchemaVersion) }],
    createdBy: 'mcpx',
  })
  return new Uint8Array(bytes)
}

async function decode(file: string): Promise<MetadataRow[]> {
  const buffer = await asyncBufferFromFile(file)
  const metadata = await parquetMetadataAsync(buffer)
  const version = metadata.key_value_metadata?.find(({ key }) => key === schemaKey)?.value
  if (version !== String(partsSchemaVersion)) throw new Error(`it has the schema ${version ?? 'of somebody else'}`)
  const columns = ['cid', 'size_bytes', 'media', 'written_ms', 'accessed_ms']
  const rows = await parquetReadObjects({ file: buffer, metadata, columns })
  return rows.map((row) => ({
    cid: String(row.cid),
    sizeBytes: Number(row.size_bytes),
    media: JSON.parse(String(row.media)),
    writtenMs: Number(row.written_ms),
    accessedMs: Number(row.accessed_ms),
  }))
}
