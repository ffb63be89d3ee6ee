import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../../../src/lib/base/folder.ts'
import { createLogger } from '../../../src/lib/base/logger.ts'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mcpx-folder-'))
})
afterAll(() => rmSync(scratch, { recursive: true }))

describe('making a folder', () => {
  it('makes what is missing above it too, and takes one that is there', () => {
    const path = join(scratch, 'a/b/c')
    makeFolder(path, 0o700)
    makeFolder(path)
    expect(statSync(path).isDirectory()).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  it('says where a file is in its place, or above it', () => {
    writeFileSync(join(scratch, 'file'), '')
    for (const path of ['file', 'file/below'])
      expect(() => makeFolder(join(scratch, path))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
  })

  it.runIf(existsSync('/proc/self'))('comes to an end where no folder can be made, and the log says so', () => {
    expect(() => makeFolder('/proc/mcpx/logs')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => createLogger({ level: 'info', folder: '/proc/mcpx', write() {} })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('/proc/mcpx') }),
    )
  })
})
