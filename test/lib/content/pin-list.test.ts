import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPinList } from '../../../src/lib/content/pin-list.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpx-test-'))
  file = join(folder, 'pins')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What a list has that is opened now. */
function found() {
  const list = openPinList(file)
  list.close()
  return list.found
}

describe('the list of pins', () => {
  it('is not there, or has what was added and not removed, over any number of openings', () => {
    expect(found()).toBeUndefined()
    const names = fc.constantFrom('bafya', 'bafyb', 'Qmc', 'bafyd')
    const step = fc.oneof(fc.record({ add: names }), fc.record({ remove: names }), fc.constant({ open: true as const }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        rmSync(file, { force: true })
        let list = openPinList(file)
        list.replace([])
        const pinned = new Set<string>()
        for (const one of steps) {
          if ('add' in one) {
            list.add(one.add)
            pinned.add(one.add)
          } else if ('remove' in one) {
            list.remove(one.remove)
            pinned.delete(one.remove)
          } else {
            list.close()
            list = openPinList(file)
          }
        }
        list.close()
        expect([...found()!].sort()).toEqual([...pinned].sort())
      }),
    )
  })

  it('is worn when most of its lines are of pins that are gone', () => {
    writeFileSync(file, '+bafya\n'.concat('-bafyb\n'.repeat(50)))
    const short = openPinList(file)
    writeFileSync(file, '+bafya\n'.concat('-bafyb\n'.repeat(200)))
    const long = openPinList(file)
    expect([short.isWorn, long.isWorn]).toEqual([false, true])
    for (const list of [short, long]) list.close()
  })

  it('removes in place: a full disk has no room for a line more', () => {
    const list = openPinList(file)
    list.replace(['bafya', 'bafyb'])
    list.remove('bafya')
    list.close()
    expect(readFileSync(file, 'latin1')).toBe('-bafya\n+bafyb\n')
  })

  it('goes on after half a line that a crash left, and says which lines say nothing', () => {
    writeFileSync(file, '+bafya\n+bafyhal')
    const list = openPinList(file)
    expect([list.found, list.isDamaged]).toEqual([['bafya'], false])
    list.add('bafyb')
    list.close()
    expect(found()).toEqual(['bafya', 'bafyb'])
    writeFileSync(file, '+bafya\n\u0000\u0001\n+bafyb\n')
    const damaged = openPinList(file)
    damaged.close()
    expect([damaged.found, damaged.isDamaged]).toEqual([['bafya', 'bafyb'], true])
  })
})
