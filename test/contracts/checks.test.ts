import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allChecks } from '../../src/lib/checks/index.ts'
import { commonTroubles } from '../../src/lib/checks/run-checks.ts'
import { checkGroups } from '../../src/lib/model/check.ts'

const root = resolve(import.meta.dirname, '../..')

describe('every check', () => {
  it('has a name of its own, which is no group', () => {
    const names = allChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => (checkGroups as readonly string[]).includes(name))).toEqual([])
  })

  describe.each(allChecks.map((check) => [check.name, check] as const))('%s', (name, check) => {
    const fileOf = (folder: string, ending: string) => join(root, folder, check.group, `${name}${ending}`)

    it('is declared as it will be shown', () => {
      expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
      expect(checkGroups).toContain(check.group)
      expect(check.title).toMatch(/^\S.{1,40}$/)
      expect(check.about.length).toBeGreaterThan(10)
    })

    it('lives in the folder of its group, in the file of its name', () => {
      expect(existsSync(fileOf('src/lib/checks', '.ts'))).toBe(true)
    })

    it('ends soon', () => {
      expect(check.deadlineS).toBeGreaterThan(0)
      expect(check.deadlineS).toBeLessThanOrEqual(30)
    })

    it('says cause and fix of each trouble in a sentence, and shadows none that all have', () => {
      expect(Object.keys(check.troubles).length).toBeGreaterThan(0)
      for (const [trouble, { cause, fix }] of Object.entries(check.troubles)) {
        expect(trouble).toMatch(/^[a-z][a-z0-9-]*$/)
        expect(Object.keys(commonTroubles)).not.toContain(trouble)
        expect(cause, trouble).toMatch(/^[A-Z].{20,}\.$/)
        expect(fix, trouble).toMatch(/^[A-Z`].{15,}[.;`]$/)
      }
    })

    it('has a test that brings about each trouble', () => {
      const file = fileOf('test/lib/checks', '.test.ts')
      const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
      expect(Object.keys(check.troubles).filter((trouble) => !text.includes(`'${trouble}'`))).toEqual([])
    })
  })
})
