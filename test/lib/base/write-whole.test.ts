import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { writeFileWhole } from '../../../src/lib/base/write-whole.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpx-whole-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('puts a file in the place of another, and leaves nothing beside it', async () => {
  const path = join(folder, 'file')
  writeFileSync(path, 'before')
  await writeFileWhole(path, 'after')
  expect(readFileSync(path, 'utf8')).toBe('after')
  await expect(writeFileWhole(folder, 'x')).rejects.toThrow('EISDIR')
  expect(readdirSync(folder)).toEqual(['file'])
})

it('writes where a link leads to', async () => {
  const [path, link] = [join(folder, 'file'), join(folder, 'link')]
  writeFileSync(path, 'before')
  symlinkSync(path, link)
  await writeFileWhole(link, 'after')
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(readFileSync(path, 'utf8')).toBe('after')
})

it('never takes the place of a device or a pipe', async () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const reader = spawn('cat', [pipe])
  const read = once(reader.stdout, 'data')
  await writeFileWhole(pipe, 'a report')
  expect(lstatSync(pipe).isFIFO()).toBe(true)
  expect(String((await read)[0])).toBe('a report')
})
