import { expect, it } from 'vitest'
import { pathOptions } from '../../../src/commands/test-client/options.ts'
import { settingNames } from '../../../src/lib/impairment/conditions.ts'
import { presetNames } from '../../../src/lib/impairment/presets.ts'
import { parseImpairment } from '../../../src/lib/impairment/spec.ts'

it('the help of --impair names every preset and every key, and what it shows can be written', () => {
  const { help } = pathOptions.impair
  for (const name of presetNames) expect(help).toContain(name)
  for (const name of settingNames) if (name !== 'offline') expect(help).toContain(`${name}=`)
  const [, shown = ''] = /'(rate=[^']+)'/.exec(help) ?? []
  expect(parseImpairment({ base: shown }).text).toBe(shown)
})
