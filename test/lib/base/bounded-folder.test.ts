import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileStamp, openBoundedFolder } from '../../../src/lib/base/bounded-folder.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let folder: string
let clock: FakeClock
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-bounded-'))
  clock = new FakeClock(0, Date.now())
})
afterEach(() => rm(folder, { recursive: true }))

const keys = /^\d{3}_/
const plenty = { maxEntries: 100, maxBytes: 1e6, maxAgeMs: 1e9 }
const open = (limits = {}) => openBoundedFolder({ folder, keys, clock, limits: { ...plenty, ...limits } })
const names = async () => (await readdir(folder)).sort()

describe('a bounded folder', () => {
  it('keeps the newest of a number, with all files of each', async () => {
    const bounded = await open({ maxEntries: 2 })
    for (const key of ['001_a', '002_b', '003_c']) await bounded.write(key, { '.json': key, '.html': 'page' })
    expect(await names()).toEqual(['002_b.html', '002_b.json', '003_c.html', '003_c.json'])
    expect(await readFile(join(folder, '003_c.json'), 'utf8')).toBe('003_c')
  })

  it('keeps within a size and an age', async () => {
    const small = await open({ maxBytes: 10 })
    for (const key of ['001_a', '002_b', '003_c']) await small.write(key, { '.json': 'äääA' })
    expect(await names()).toEqual(['003_c.json'])
    await small.write('003_d', { '.json': 'larger than all' })
    expect(await names()).toEqual(['003_d.json'])
    const young = await open({ maxAgeMs: 1000 })
    clock.advance(5000)
    await young.write('004_d', { '.json': '' })
    expect(await names()).toEqual(['004_d.json'])
  })

  it('counts a file that is written again once, as large as it is now', async () => {
    const bounded = await open({ maxBytes: 10 })
    for (const text of ['12345678', '1234', '1234', '12']) await bounded.write('001_a', { '.json': text })
    await bounded.write('002_b', { '.json': '12345678' })
    expect(await names()).toEqual(['001_a.json', '002_b.json'])
    await bounded.write('002_b', { '.json': '123456789' })
    expect(await names()).toEqual(['002_b.json'])
  })

  it('finds at its start what was left, removes what is too much of it, and touches nothing else', async () => {
    const old = new Date(clock.wallMs() - 10_000)
    for (const name of ['001_old.json', '002_torn.json.7.part', '003_new.json', 'notes.txt', '.hidden']) {
      await writeFile(join(folder, name), 'x')
      await utimes(join(folder, name), old, old)
    }
    await open({ maxEntries: 1 })
    expect(await names()).toEqual(['.hidden', '003_new.json', 'notes.txt'])
    await open({ maxAgeMs: 5000 })
    expect(await names()).toEqual(['.hidden', 'notes.txt'])
  })

  it('makes the folder, again where somebody removed it, and says where it cannot', async () => {
    const below = join(folder, 'a/b')
    const bounded = await openBoundedFolder({ folder: below, keys, clock, limits: plenty })
    await bounded.write('001_a', { '.json': '' })
    await rm(below, { recursive: true })
    await bounded.write('002_b', { '.json': '' })
    expect(await readdir(below)).toEqual(['002_b.json'])
    await writeFile(join(folder, 'file'), '')
    const never = await openBoundedFolder({ folder: join(folder, 'file'), keys, clock, limits: plenty })
    await expect(never.write('001_a', { '.json': '' })).rejects.toThrow(/ENOTDIR|EEXIST/)
  })

  it('never holds more than it may, whatever is written', async () => {
    const writes = fc.array(fc.record({ size: fc.nat(50), waitMs: fc.nat(500) }), { maxLength: 15 })
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 1, max: 4 }), async (all, maxEntries) => {
        await rm(folder, { recursive: true })
        const bounded = await open({ maxEntries, maxBytes: 100, maxAgeMs: 1000 })
        for (const [at, { size, waitMs }] of all.entries()) {
          clock.advance(waitMs)
          await bounded.write(`${100 + at}_x`, { '.json': 'x'.repeat(size) })
          const left = await names()
          expect(left.length).toBeLessThanOrEqual(maxEntries)
          expect(left).toContain(`${100 + at}_x.json`)
        }
        await bounded.write('999_end', { '.json': '' })
      }),
      { numRuns: 20 },
    )
  })
})

it('a stamp sorts by time', () => {
  expect(fileStamp(Date.parse('2026-05-04T03:02:01.999Z'))).toBe('20260504_030201')
})
