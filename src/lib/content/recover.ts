// What the folder of blocks, the index and the list of pins say of each other when a repo is opened: what one lost the others have.
import { type Dirent, existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { type BlockFolder, blockKey } from './block-folder.ts'
import { inlineBytes } from './block-hash.ts'
import type { BlockIndex, IndexedBlock } from './block-index.ts'
import { type CID, codecs, tryParseCid } from './cid.ts'
import { childrenOf } from './dag-walk.ts'
import type { PinList } from './pin-list.ts'

interface Parts {
  readonly repoPath: string
  readonly blocksPath: string
  readonly folder: BlockFolder
  readonly index: BlockIndex
  readonly list: PinList
  readonly clock: Clock
}

/** CIDs that a message names. */
const maxNamed = 3
/** A multihash in base32. */
const keyName = /^[a-z2-7]{8,300}$/

/**
 * Says what was found wrong and made good. Throws REPO_DAMAGED where there are blocks, and neither an index nor a list says what of
 * them is pinned.
 */
export async function recover(parts: Parts): Promise<string[]> {
  const { index, list, repoPath } = parts
  const problems: string[] = []
  if (index.setAside) problems.push(`blocks.db was damaged, and is now ${index.setAside}`)
  if (index.count === 0) problems.push(...(await recordFiles(parts)))
  else if (!(await hasFiles(parts.blocksPath)))
    problems.push(`blocks/ is empty: the ${index.count} blocks that were in it are gone`)
  const lost = (list.found ?? []).filter((cid) => index.pinOf(cid) === undefined)
  if (lost.length > 0) problems.push(await restorePins(lost, parts))
  const pins = index.pins()
  if (list.isDamaged) problems.push(`the file pins was damaged: it was written anew, with ${pins.length} pins`)
  if (list.isDamaged || list.isWorn || !isSame(list.found, pins) || !existsSync(join(repoPath, 'pins')))
    list.replace(pins)
  return problems
}

function isSame(found: readonly string[] | undefined, pins: readonly string[]): boolean {
  const listed = new Set(found)
  return listed.size === pins.length && pins.every((cid) => listed.has(cid))
}

/** What the folder holds already counts, and can go where it is not pinned. */
async function recordFiles({ repoPath, blocksPath, index, list }: Parts): Promise<string[]> {
  const blocks: IndexedBlock[] = []
  for await (const [folder, name] of blockFiles(blocksPath)) {
    const { size, mtimeMs } = await stat(join(folder, name))
    blocks.push({ key: name, sizeBytes: size, usedMs: Math.floor(mtimeMs) })
  }
  if (blocks.length === 0) return []
  if (list.found === undefined)
    throw new McpxError(
      'REPO_DAMAGED',
      `${join(repoPath, 'blocks.db')} is lost, and so is the list of pins: what of ${blocks.length} blocks is pinned is not known`,
      {
        hint: `Restore blocks.db or pins from a backup. To go on with nothing pinned, make an empty file ${join(repoPath, 'pins')}.`,
      },
    )
  index.recordAll(blocks)
  return [`blocks.db was made anew from ${blocks.length} blocks`]
}

async function* blockFiles(blocksPath: string): AsyncGenerator<[folder: string, name: string]> {
  const shards: Dirent[] = await readdir(blocksPath, { withFileTypes: true })
  for (const shard of shards) {
    if (!shard.isDirectory()) continue
    const folder = join(blocksPath, shard.name)
    for (const name of await readdir(folder)) if (keyName.test(name)) yield [folder, name]
  }
}

async function hasFiles(blocksPath: string): Promise<boolean> {
  for await (const _file of blockFiles(blocksPath)) return true
  return false
}

/** Pins again what the list of pins says, from the blocks that are here; nothing is fetched. */
async function restorePins(lost: readonly string[], parts: Parts): Promise<string> {
  const incomplete: string[] = []
  for (const text of lost) {
    const cid = tryParseCid(text)
    if (!cid) continue
    const pin = parts.index.beginPin(parts.clock.wallMs())
    if (!(await holdAll(cid, pin, parts))) incomplete.push(text)
    parts.index.commitPin(pin, text)
  }
  const named = incomplete.slice(0, maxNamed).join(', ')
  const more = incomplete.length > maxNamed ? ', …' : ''
  const missing = incomplete.length > 0 ? `; of ${incomplete.length} blocks are missing: ${named}${more}` : ''
  return `${lost.length} pins that blocks.db did not have were restored from the list of pins${missing}`
}

/** Puts every block of the DAG that is here under the pin; false where some are not. Leaves are not read. */
async function holdAll(root: CID, pin: number, { folder, index, clock }: Parts): Promise<boolean> {
  const seen = new Set<string>()
  const stack: CID[] = [root]
  let isWhole = true
  for (let cid = stack.pop(); cid; cid = stack.pop()) {
    const key = blockKey(cid)
    if (seen.has(key) || inlineBytes(cid)) continue
    seen.add(key)
    const children = await childrenHere(cid, folder)
    isWhole &&= children !== undefined
    if (!children) continue
    index.record(key, (await folder.sizeBytes(key)) ?? 0, clock.wallMs())
    index.hold(pin, key)
    stack.push(...children)
  }
  return isWhole
}

/** Undefined for a block that is not here, or not what its name says. */
async function childrenHere(cid: CID, folder: Parts['folder']): Promise<readonly CID[] | undefined> {
  if (cid.code === codecs.raw) return (await folder.has(cid)) ? [] : undefined
  try {
    const bytes = await folder.read(cid)
    return bytes && childrenOf(cid, bytes)
  } catch (error) {
    if (error instanceof McpxError) return undefined
    throw error
  }
}
