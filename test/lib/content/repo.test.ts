import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Host } from '../../../src/lib/base/host.ts'
import { openRepo, readRunningServer } from '../../../src/lib/content/repo.ts'

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
const open = (on: Host) => openRepo({ path, isolation: false }, 0, on)

describe('a repo', () => {
  it('is held by one process, which is named', () => {
    const repo = open(host(1, { 1: 'a', 2: 'b' }))
    expect(() => open(host(2, { 1: 'a', 2: 'b' }))).toThrow(/process 1 /)
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

  it('says where the server listens, as long as it runs', () => {
    const repo = open(host(1, { 1: 'a' }))
    expect(readRunningServer(path, host(2, { 1: 'a' }))).toBeUndefined()
    repo.writeServerUrl('http://127.0.0.1:8000')
    expect(readRunningServer(path, host(2, { 1: 'a' }))).toEqual({ url: 'http://127.0.0.1:8000', pid: 1 })
    expect(readRunningServer(path, host(2, {}))).toBeUndefined()
    repo.close()
    expect(readRunningServer(path, host(2, { 1: 'a' }))).toBeUndefined()
  })

  it('of a newer version is refused and left unlocked', () => {
    open(host(1, { 1: 'a' })).close()
    expect(readFileSync(join(path, 'version'), 'utf8')).toBe('mcpx-repo 1\n')
    writeFileSync(join(path, 'version'), 'mcpx-repo 2\n')
    expect(() => open(host(1, { 1: 'a' }))).toThrow(/mcpx-repo 2/)
  })
})
