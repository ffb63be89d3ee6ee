// What mcpx needs of a place that keeps content by hash. Embedded, Kubo and gateways stand behind it.
import type { SourceRef } from '../protocol/media-plane.ts'

interface CallOptions {
  readonly signal?: AbortSignal
}

export interface ContentStat {
  readonly cid: string
  readonly type: 'file' | 'directory'
  /** Bytes of content (file) or of all files beneath where known (directory). */
  readonly sizeBytes: number
}

export interface DirectoryEntry {
  readonly name: string
  readonly cid: string
  readonly type: 'file' | 'directory'
  readonly sizeBytes: number
}

export interface AddedContent {
  readonly cid: string
  readonly sizeBytes: number
}

/** A file of what is added, with its path below the added root. */
export interface AddInput {
  /** `video.mp4`, or `dir/a.mp4` for several: several paths make one directory. */
  readonly path: string
  readonly content: AsyncIterable<Uint8Array>
}

export interface AddOptions extends CallOptions {
  /** Default true. */
  readonly pin?: boolean
  /** Default 1 (raw leaves, 256 KiB chunks: as `ipfs add --cid-version=1`); 0 as `ipfs add`. */
  readonly cidVersion?: 0 | 1
  readonly onProgress?: (bytes: number) => void
}

export interface ContentStore {
  readonly kind: 'embedded' | 'kubo'
  /** Resolves any accepted spelling (CID, ipfs://, /ipfs/, /ipns/, gateway URL, with a path) to what stands there. */
  resolve(content: string, options?: CallOptions): Promise<ContentStat & { readonly path: string }>
  list(cid: string, options?: CallOptions): Promise<DirectoryEntry[]>
  /** Bytes [start, end) of a file, in pieces, verified. Pull-based: reads ahead a bounded amount. */
  read(cid: string, options?: CallOptions & { start?: number; end?: number }): AsyncIterable<Uint8Array>
  add(input: AsyncIterable<AddInput> | Iterable<AddInput>, options?: AddOptions): Promise<AddedContent>
  pin(cid: string, options?: CallOptions): Promise<void>
  unpin(cid: string, options?: CallOptions): Promise<void>
  pins(options?: CallOptions): Promise<string[]>
  /** Makes one block present in the block folder and says where it came from: `local`, `kubo`, `gateway:<host>`. */
  ensureBlock(cid: string, options?: CallOptions): Promise<{ source: string }>
  /**
   * One verified block; one that is not here is fetched and kept, unless `local` asks for what is here alone
   * (CONTENT_NOT_FOUND). The bytes are shared: do not write to them or transfer them.
   */
  getBlock(cid: string, options?: CallOptions & { readonly local?: boolean }): Promise<Uint8Array>
  /** Everything a media worker needs to play it: a single file, or the files of a ladder or of an HLS directory. */
  sourceRef(content: string, options?: CallOptions): Promise<SourceRef>
  close(): Promise<void>
}
