// Looks at blocks on disk without changing anything: whether files are what their names say.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { base32 } from 'multiformats/bases/base32'
import * as Digest from 'multiformats/hashes/digest'
import { blockKey } from './block-folder.ts'
import { matches, maxBlockBytes } from './block-hash.ts'
import { CID, codecs, tryParseCid } from './cid.ts'

export interface StoredBlocks {
  readonly read: number
  readonly bytes: number
  /** Names of files whose bytes have another hash. */
  readonly damaged: readonly string[]
}

/**
 * The root of `content` where it is here, and others from all over the folder, `atMost` together. Undefined when there is no such
 * folder; rejects with what the system says when it cannot be read.
 */
export async function verifyStoredBlocks(
  blocksPath: string,
  { content, atMost, signal }: { readonly content?: string; readonly atMost: number; readonly signal: AbortSignal },
): Promise<StoredBlocks | undefined> {
  const root =
    content === undefined ? undefined : tryParseCid(content.replace(/^(?:ipfs:\/\/|\/ipfs\/)/, '').split('/')[0]!)
  const first = root && (await exists(fileOf(blocksPath, blockKey(root)))) ? [blockKey(root)] : []
  const shards = await readdir(blocksPath).catch(absent)
  if (!shards) return undefined
  const names = [...first, ...(await someOf(blocksPath, shards, atMost - first.length, signal))]
  let bytes = 0
  const damaged: string[] = []
  for (const name of names) {
    signal.throwIfAborted()
    const found = await readFile(fileOf(blocksPath, name)).catch(absent)
    // Evicted meanwhile.
    if (!found) continue
    bytes += found.length
    if (!isBlock(name, found)) damaged.push(name)
  }
  return { read: names.length, bytes, damaged }
}

/** Sharded as block-folder.ts does. */
const fileOf = (blocksPath: string, key: string): string => join(blocksPath, key.slice(-3, -1), key)

/** One of each shard in turn, from shards that lie evenly apart. */
async function someOf(
  blocksPath: string,
  shards: readonly string[],
  count: number,
  signal: AbortSignal,
): Promise<string[]> {
  const step = Math.max(1, Math.floor(shards.length / Math.max(1, count)))
  const found: string[] = []
  for (let at = 0; at < shards.length && found.length < count; at += step) {
    signal.throwIfAborted()
    const names = await readdir(join(blocksPath, shards[at]!)).catch(() => [])
    const name = names.find((one) => !one.endsWith('.tmp'))
    if (name !== undefined) found.push(name)
  }
  return found
}

function isBlock(name: string, bytes: Uint8Array): boolean {
  if (bytes.length > maxBlockBytes) return false
  try {
    return matches(CID.createV1(codecs.raw, Digest.decode(base32.baseDecode(name))), bytes)
  } catch {
    return false
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}
