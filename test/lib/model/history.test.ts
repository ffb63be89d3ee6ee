import { expect, it } from 'vitest'
import { historyTable, historyTables } from '../../../src/lib/model/history.ts'

it('a table is found by its name, and by the one it had before', () => {
  expect(historyTables.map(historyTable)).toEqual(historyTables)
  expect(historyTable('nodes')).toBe('workers')
})

it('a name from outside finds no table that there is not', () => {
  for (const name of ['', 'Samples', 'samples ', 'sqlite_master', 'samples; DROP', 'toString', '__proto__', 'length'])
    expect(historyTable(name)).toBeUndefined()
})
