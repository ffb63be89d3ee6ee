import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Host } from '../../../src/lib/base/host.ts'
import { markThrowAway, reapThrowAway } from '../../../src/lib/content/throw-away.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-reap-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const host: Host = { pid: 1, hostname: 'here', isAlive: (pid) => pid === 1, startOf: () => undefined }

function repo(name: string, { pid, mark = true, version = true }: { pid?: number; mark?: boolean; version?: boolean }) {
  const path = join(folder, name)
  mkdirSync(join(path, 'blocks'), { recursive: true })
  if (version) writeFileSync(join(path, 'version'), 'mcpx-repo 1\n')
  if (mark) markThrowAway(path)
  if (pid !== undefined) writeFileSync(join(path, 'lock'), JSON.stringify({ pid, host: 'here' }))
  return path
}

describe('a throw-away repo', () => {
  it('is removed when its process is dead, and nothing else is', async () => {
    const dead = repo('mcpx-aaaaaa', { pid: 2 })
    const kept = [
      repo('mcpx-bbbbbb', { pid: 1 }),
      repo('mcpx-mydata', { pid: 2, mark: false }),
      repo('mcpx-cccccc', { pid: 2, version: false }),
      repo('mcpx-dddddd', {}),
      repo('other-aaaaaa', { pid: 2 }),
    ]
    writeFileSync(join(folder, 'mcpx-file'), '')
    expect(await reapThrowAway(host, folder)).toBe(1)
    expect(existsSync(dead)).toBe(false)
    expect(kept.filter((path) => !existsSync(path))).toEqual([])
  })
})
