// One process per repo: a lock file that says who holds it.
import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { type Host, systemHost } from '../base/host.ts'

interface LockRecord {
  readonly pid: number
  readonly host: string
  /** Start of the process as the system counts it, where it does. */
  readonly start?: string
}

interface RepoLock {
  /** False where the disk is full: then blocks.db alone keeps others out. */
  readonly isKept: boolean
  release(): void
}

const fileName = 'lock'
const takeOverAttempts = 3

/** Takes the lock; one whose process is dead is taken over. Throws REPO_LOCKED that names pid and path. */
export function acquireLock(repoPath: string, host: Host = systemHost): RepoLock {
  const file = join(repoPath, fileName)
  const record: LockRecord = { pid: host.pid, host: host.hostname, start: host.startOf(host.pid) }
  for (let attempt = 0; ; attempt++) {
    const made = create(file, record)
    if (made === 'made') break
    const text = readText(file)
    if (made === 'full' && (text === undefined || !isHeldBy(text, host))) return { isKept: false, release() {} }
    if (text === undefined) continue
    const holder = parse(text)
    // Ours appear whole: what cannot be read is what a machine that stopped left of one, and nobody holds it.
    if (attempt === takeOverAttempts || (holder && isHeld(holder, host))) throw locked(repoPath, holder, host)
    setAside(file, text)
  }
  return { isKept: true, release: () => rmSync(file, { force: true }) }
}

function isHeldBy(text: string, host: Host): boolean {
  const holder = parse(text)
  return holder !== undefined && isHeld(holder, host)
}

function locked(repoPath: string, holder: LockRecord | undefined, host: Host): McpxError {
  const elsewhere = holder && holder.host !== host.hostname ? ` on ${holder.host}` : ''
  const message = `the repo ${repoPath} is in use by process ${holder?.pid ?? '?'}${elsewhere}`
  const hint = `Stop that mcpx, use it with --server, or choose another --persistence-path. If it does not run, remove ${join(repoPath, fileName)}.`
  return new McpxError('REPO_LOCKED', message, { hint })
}

/** Whether a live process holds the lock of this repo; false where there is no lock, or none that can be read. */
export function isLocked(repoPath: string, host: Host = systemHost): boolean {
  return isHeldBy(readText(join(repoPath, fileName)) ?? '', host)
}

/** Of a process on another machine nothing can be known: it counts as alive. */
function isHeld(holder: LockRecord, host: Host): boolean {
  if (holder.host !== host.hostname) return true
  if (!host.isAlive(holder.pid)) return false
  const start = host.startOf(holder.pid)
  return start === undefined || holder.start === undefined || start === holder.start
}

/** A hard link appears whole or not at all, and never over another. */
function create(file: string, record: LockRecord): 'made' | 'there' | 'full' {
  const beside = besideOf(file)
  try {
    writeFileSync(beside, JSON.stringify(record))
    linkSync(beside, file)
    return 'made'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'there'
    if (toMcpxError(error).code === 'DISK_FULL') return 'full'
    throw error
  } finally {
    rmSync(beside, { force: true })
  }
}

/** Moves a stale lock away; puts it back when it is no longer the one that was found stale. */
function setAside(file: string, staleText: string): void {
  const aside = besideOf(file)
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (readText(aside) === staleText) rmSync(aside, { force: true })
  else renameSync(aside, file)
}

const besideOf = (file: string) => `${file}.${randomUUID()}`

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parse(text: string): LockRecord | undefined {
  try {
    const record = JSON.parse(text)
    return typeof record?.pid === 'number' && typeof record.host === 'string' ? record : undefined
  } catch {
    return undefined
  }
}
