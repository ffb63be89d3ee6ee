import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { snapFolder } from '../../../../src/lib/load/browser/snap.ts'

it('knows the folder of a program out of a snap, also behind a script, and of no other', async () => {
  const home = await mkdtemp(join(tmpdir(), 'mcpx-test-'))
  onTestFinished(() => rm(home, { recursive: true }))
  const own = join(home, 'snap/firefox/common')
  await mkdir(own, { recursive: true })
  const script = join(home, 'firefox')
  await writeFile(script, '#!/bin/sh\nexec /snap/bin/firefox "$@"\n')
  expect(snapFolder(script, home)).toBe(own)
  await writeFile(script, '\u007fELF /snap/bin/firefox')
  expect(snapFolder(script, home)).toBeUndefined()
  await writeFile(script, '#!/bin/sh\nexec /snap/bin/chromium "$@"\n')
  expect(snapFolder(script, home)).toBeUndefined()
  expect(snapFolder(join(home, 'none'), home)).toBeUndefined()
})
