// Log files in a real folder, turned over as a clock says.
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { logRotation, rotateLogFiles } from '../../../src/lib/app/log-files.ts'
import { logFileNames } from '../../../src/lib/base/log-file.ts'
import { createLogger } from '../../../src/lib/base/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let folder: string
let clock: FakeClock
let lines: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpx-log-files-'))
  clock = new FakeClock()
  lines = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const rotate = () =>
  rotateLogFiles(folder, { clock, logger: createLogger({ level: 'info', write: (line) => void lines.push(line) }) })
const grow = (name: string, bytes = logRotation.maxBytes + 1) => {
  writeFileSync(join(folder, name), '', { flag: 'a' })
  truncateSync(join(folder, name), bytes)
}
const names = Object.values(logFileNames)

it('are turned over at once where they are large already, and again every ten seconds', () => {
  for (const name of names) grow(name)
  const stop = rotate()
  expect(readdirSync(folder)).toHaveLength(names.length)
  for (const name of names) expect(readdirSync(folder)).not.toContain(name)
  grow(names[0]!)
  clock.advance(9999)
  expect(readdirSync(folder)).toContain(names[0])
  clock.advance(1)
  expect(readdirSync(folder)).not.toContain(names[0])
  stop()
  expect(clock.pendingTimers).toBe(0)
})

it('are left as they are while they are small, and where there is none', () => {
  grow(names[0]!, logRotation.maxBytes)
  rotate()
  clock.advance(60_000)
  expect(readdirSync(folder)).toEqual([names[0]])
  expect(lines).toEqual([])
})

it('are kept up to a number', () => {
  rotate()
  for (let i = 0; i < 20; i++) {
    grow(names[0]!)
    clock.advance(10_000)
  }
  const kept = readdirSync(folder)
  expect(kept).toHaveLength(logRotation.kept)
  expect(kept.every((name) => statSync(join(folder, name)).size > logRotation.maxBytes)).toBe(true)
})
