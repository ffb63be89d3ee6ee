// Random access to the bytes of one file, wherever they are.

export interface ByteSource {
  readonly sizeBytes: number
  /**
   * The bytes [start, end). Exactly `end - start` of them, 0 <= start <= end <= sizeBytes; a shorter source rejects with an
   * McpxError. Every byte has been verified against its CID, where it has one.
   */
  read(start: number, end: number, options?: { signal?: AbortSignal }): Promise<Uint8Array>
  close(): void
}
