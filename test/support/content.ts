// Content for tests: a store in a throw-away repo, bytes with a seed, inputs to add.
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import type { BlockSource } from '../../src/lib/content/block-sources.ts'
import { type Content, type ContentOptions, openContent } from '../../src/lib/content/open-store.ts'
import type { AddInput } from '../../src/lib/content/store.ts'

/** An offline store in a repo of its own, unless the overrides say otherwise. */
export function openTestContent(
  overrides: Partial<ContentOptions> = {},
  sources: readonly BlockSource[] = [],
): Promise<Content> {
  return openContent(
    {
      repoPath: '',
      isolation: overrides.repoPath === undefined,
      gateways: [],
      offline: false,
      fetchTimeoutMs: 10_000,
      memoryCacheBytes: 0,
      diskCacheBytes: 2 ** 30,
      ...overrides,
    },
    { clock: systemClock, logger: silentLogger, sources },
  )
}

/** Bytes that look random and are the same for the same seed (xorshift32). */
export function seededBytes(size: number, seed = 1): Uint8Array {
  const bytes = Buffer.alloc(size)
  let state = (seed * 2654435761) >>> 0 || 1
  for (let at = 0; at < size; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}

/** A file to add, in pieces as a network would bring it. */
export function input(path: string, bytes: Uint8Array | string, pieceBytes = 50_000): AddInput {
  const all = Buffer.from(bytes)
  async function* content() {
    for (let at = 0; at < all.length; at += pieceBytes) yield all.subarray(at, at + pieceBytes)
  }
  return { path, content: content() }
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}
