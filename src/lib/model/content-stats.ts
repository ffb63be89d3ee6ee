// What the content store tells of itself: counts since it was opened, and each operation as it ends.

export type ContentOperation =
  | 'resolve'
  | 'list'
  | 'read'
  | 'add'
  | 'pin'
  | 'unpin'
  | 'pins'
  | 'fetch_block'
  | 'get_block'
  | 'source_ref'

export type ContentEvents = {
  /** A call is over; one that the caller gave up is not told. `seconds` of a read are those until its first bytes. */
  operation: [{ readonly operation: ContentOperation; readonly success: boolean; readonly seconds: number }]
  /** `in`: into the store; `out`: out of it. */
  bytes: [{ readonly operation: ContentOperation; readonly direction: 'in' | 'out'; readonly bytes: number }]
}

export interface BlockReaderStats {
  /** Blocks answered from memory. */
  readonly memoryHits: number
  /** Blocks that were not there. */
  readonly memoryMisses: number
  /** Blocks read from the folder, verified. */
  readonly diskHits: number
  /** Blocks that were not there, or damaged. */
  readonly diskMisses: number
  /** Blocks that had to be fetched first. */
  readonly fetched: number
  /** Files of blocks that did not match their hash. */
  readonly damaged: number
  readonly memoryBytes: number
  readonly memoryBlocks: number
}

export interface CidMetadataStats {
  readonly records: number
  /** Records that no part file holds yet. */
  readonly pending: number
  readonly parts: number
  readonly partBytes: number
  readonly schemaVersion: number
  readonly hits: number
  readonly misses: number
}

export interface ContentStats {
  /** Blocks taken from each source so far, and verified. */
  readonly blocksBySource: Readonly<Record<string, number>>
  /** Bytes of those. */
  readonly fetchedBytes: number
  readonly reader: BlockReaderStats
  readonly diskBytes: number
  readonly diskUnpinnedBytes: number
  readonly diskBlocks: number
  readonly metadata: CidMetadataStats
}
