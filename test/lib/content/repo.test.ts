import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCache, openDatabase } from '../../../src/lib/base/database.ts'
import type { Host } from '../../../src/lib/base/host.ts'
import { openRepo } from '../../../src/lib/content/repo.ts'

let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'mcpx-test-'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

/** A machine on which the given processes run, with their start. */
const host = (pid: number, running: Record<number, string>, hostname = 'here'): Host => ({
  pid,
  hostname,
  isAlive: (other) => other in running,
  startOf: (other) => running[other],
})
const open = (on: Host) => openRepo({ path, isolation: false }, on)

describe('a repo', () => {
  it('is held by one process, which is named', () => {
    const repo = open(host(1, { 1: 'a', 2: 'b' }))
    expect(() => open(host(2, { 1: 'a', 2: 'b' }))).toThrow(/process 1$/)
    repo.close()
    open(host(2, { 2: 'b' })).close()
  })

  it('is taken over from a dead process, also when its id is somebody else now', () => {
    open(host(1, { 1: 'a' }))
    open(host(2, { 2: 'b' }))
    open(host(3, { 2: 'reused', 3: 'c' })).close()
  })

  it('is never taken over from another machine', () => {
    open(host(1, { 1: 'a' }, 'there'))
    expect(() => open(host(2, { 2: 'b' }))).toThrow(/process 1 /)
  })

  it('is taken over when its lock says nothing, as after a power cut', () => {
    for (const garbage of ['', 'garbage', '{"pid":"x"}', 'null']) {
      writeFileSync(join(path, 'lock'), garbage)
      open(host(1, { 1: 'a' })).close()
    }
  })

  it('that is held says which file to remove when nobody uses it', () => {
    open(host(1, { 1: 'a' }, 'there'))
    expect(() => open(host(2, { 2: 'b' }))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('process 1 on there'),
        hint: expect.stringContaining(join(path, 'lock')),
      }),
    )
  })

  it('of a newer version is refused and left unlocked', () => {
    open(host(1, { 1: 'a' })).close()
    expect(readFileSync(join(path, 'version'), 'utf8')).toBe('mcpx-repo 1\n')
    writeFileSync(join(path, 'version'), 'mcpx-repo 2\n')
    expect(() => open(host(1, { 1: 'a' }))).toThrow(/mcpx-repo 2/)
  })

  it('goes on when the version was never written', () => {
    writeFileSync(join(path, 'version'), '')
    open(host(1, { 1: 'a' })).close()
    expect(readFileSync(join(path, 'version'), 'utf8')).toBe('mcpx-repo 1\n')
  })

  it('where nothing can be written is a wrong option, not a defect', () => {
    writeFileSync(join(path, 'a file'), '')
    const below = { path: join(path, 'a file', 'repo'), isolation: false }
    expect(() => openRepo(below, host(1, { 1: 'a' }))).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', hint: expect.stringContaining('--persistence-path') }),
    )
  })
})

describe('a database of the repo', () => {
  const schema = { version: 1, damageHint: 'Remove it.', sql: 'CREATE TABLE a (x)' }
  const file = () => join(path, 'a.db')

  it('is new once, and refused when a newer mcpx wrote it', () => {
    openDatabase(file(), { ...schema, version: 2 }).db.close()
    expect(() => openDatabase(file(), schema)).toThrow(expect.objectContaining({ code: 'REPO_VERSION' }))
  })

  it('has all of its tables or none', () => {
    expect(() => openDatabase(file(), { ...schema, sql: 'CREATE TABLE a (x); CREATE NONSENSE' })).toThrow(/syntax/)
    const { db, isNew } = openDatabase(file(), schema)
    expect(isNew).toBe(true)
    db.close()
  })

  it('that cannot be opened because the disk is full says so', () => {
    mkdirSync(file())
    expect(() => openDatabase(file(), schema, () => 1000)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }))
    expect(() => openDatabase(file(), schema, () => 1e9)).toThrow(expect.not.objectContaining({ code: 'DISK_FULL' }))
  })

  it('that is damaged is named, and made again where it is only a cache', () => {
    writeFileSync(file(), Buffer.alloc(8192, 'garbage'))
    expect(() => openDatabase(file(), schema)).toThrow(/a\.db is damaged/)
    const { db, isNew } = openCache(file(), schema)
    expect(isNew).toBe(true)
    db.close()
  })
})
