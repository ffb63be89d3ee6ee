// The folder in which mcpx keeps what it has:
//   version    `mcpx-repo 1`
//   lock       JSON: who uses the repo now
//   server.json  where its server listens (model/server.ts)
//   node-id    the name of this node
//   blocks/    the blocks, `<two characters>/<multihash in base32>`
//   blocks.db  what is in blocks/, what is pinned (SQLite)
//   pins       what is pinned, once more, as text
//   metadata.db, parquet/  what is known about CIDs
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { makeFolder } from '../base/folder.ts'
import { type Host, systemHost } from '../base/host.ts'
import { acquireLock } from './repo-lock.ts'
import { markThrowAway, throwAwayPrefix } from './throw-away.ts'

const repoVersion = 1

interface RepoOptions {
  readonly path: string
  /** A folder of its own in the system's temporary folder instead, removed at close. */
  readonly isolation: boolean
  /** Kept for this run only; random and kept in the repo when absent. */
  readonly nodeId?: string
}

export interface Repo {
  readonly path: string
  readonly nodeId: string
  /** What was damaged when it was opened, and what became of it; and that the disk is full, for as long as it is. */
  problems(): string[]
  close(): void
}

const files = ['version', 'lock', 'server.json', 'node-id', 'blocks.db', 'pins', 'metadata.db']
const folders = ['blocks', 'parquet', 'history']

/** Opens or makes the repo and locks it. Throws REPO_VERSION, REPO_DAMAGED, REPO_LOCKED, DISK_FULL for one that is not there yet. */
export function openRepo(options: RepoOptions, host: Host = systemHost): Repo {
  const path = options.isolation ? mkdtempSync(join(tmpdir(), throwAwayPrefix)) : options.path
  let lock = writable(path, () => {
    makeFolder(path, 0o700)
    checkKinds(path)
    checkVersion(path)
    if (options.isolation) markThrowAway(path)
    return acquireLock(path, host)
  })
  const found: string[] = []

  /** Space is there again as soon as the lock has a place. */
  function isFull(): boolean {
    if (lock.isKept) return false
    try {
      lock = acquireLock(path, host)
    } catch {
      // Another process tries to open the repo just now, and cannot: blocks.db is ours.
    }
    return !lock.isKept
  }

  return {
    path,
    nodeId: options.nodeId ?? keptNodeId(path, found),
    problems: () => (isFull() ? [fullDisk, ...found] : [...found]),
    close() {
      lock.release()
      if (options.isolation) rmSync(path, { recursive: true, force: true })
    },
  }
}

const fullDisk = 'the disk is full: remove pins or other files; until then nothing new is stored'

/** A folder in the place of a file, or a file in that of a folder, is what no part of the repo expects. */
function checkKinds(path: string): void {
  const check = (name: string, isFolder: boolean) => {
    const there = statSync(join(path, name), { throwIfNoEntry: false })
    if (!there || there.isDirectory() === isFolder) return
    const [is, shouldBe] = isFolder ? ['a file', 'a folder'] : ['a folder', 'a file']
    throw new McpxError('REPO_DAMAGED', `${join(path, name)} is damaged: it is ${is}, and should be ${shouldBe}`, {
      hint: `If ${path} is a repo of mcpx, move that away: what can be made again is. Otherwise choose another --persistence-path.`,
    })
  }
  for (const name of files) check(name, false)
  for (const name of folders) check(name, true)
}

/** What the system says of a folder that cannot be made or written is not a defect but a wrong option. */
function writable<T>(path: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    const known = toMcpxError(error)
    if (known.code !== 'INTERNAL') throw known
    throw new McpxError('INVALID_OPTION', `${path} cannot be a repo: ${known.message}`, {
      cause: error,
      hint: 'Choose a --persistence-path that is a folder, or may become one, and that this user may write to.',
    })
  }
}

function checkVersion(path: string): void {
  const file = join(path, 'version')
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  // Empty when the machine stopped between making the file and writing it.
  if (text === '') {
    writeFileSync(file, `mcpx-repo ${repoVersion}\n`)
    return
  }
  const version = /^mcpx-repo (\d{1,9})$/.exec(text)?.[1]
  if (Number(version) === repoVersion) return
  const said = JSON.stringify(text.slice(0, 40))
  if (version !== undefined)
    throw new McpxError('REPO_VERSION', `${path} says ${said}; this mcpx knows mcpx-repo ${repoVersion}`)
  throw new McpxError('REPO_DAMAGED', `${file} is damaged: it says ${said}`, {
    hint: `If ${path} is a repo of mcpx, remove that file: it is made again. Otherwise choose another --persistence-path.`,
  })
}

function keptNodeId(path: string, problems: string[]): string {
  const file = join(path, 'node-id')
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  if (kept && /^[\w.:-]{1,128}$/.test(kept)) return kept
  const nodeId = `mcpx-${randomUUID().slice(0, 13)}`
  if (kept !== undefined) problems.push(`node-id was damaged: this node is ${nodeId} now`)
  try {
    writeFileSync(file, `${nodeId}\n`)
  } catch (error) {
    // For this run it has a name.
    if (toMcpxError(error).code !== 'DISK_FULL') throw error
  }
  return nodeId
}
