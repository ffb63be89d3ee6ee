import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import type { ServerInside } from '../../../../src/lib/checks/context.ts'
import { encoderCheck } from '../../../../src/lib/checks/machine/encoder.ts'
import { runOne } from '../../../support/checks.ts'
import { hasParts } from '../../../support/transcode.ts'

let isHere = false
beforeAll(async () => {
  isHere = await hasParts()
})

const insideWith = (encoder: ServerInside['encoder']) => ({ inside: { encoder } as ServerInside })

it.each(['node-av', 'ffmpeg'] as const)(
  'has a picture encoded by %s',
  async (encoder) => {
    if (!isHere) return
    // On a busy machine it may take long, which is another test.
    const clock = { ...systemClock, now: () => 0 }
    const found = await runOne(encoderCheck, { ...insideWith(encoder), clock })
    expect(found).toMatchObject({ status: 'pass', values: { encoder } })
  },
  30_000,
)

it('warns where there is none', async () => {
  expect(await runOne(encoderCheck, insideWith('none'))).toMatchObject({ status: 'warn', trouble: 'none' })
})

it('fails where the one there is does not run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-encoder-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'ffmpeg'), '#!/bin/sh\necho no library >&2\nexit 127\n')
  await chmod(join(folder, 'ffmpeg'), 0o755)
  const path = process.env.PATH
  process.env.PATH = `${folder}${delimiter}${path}`
  onTestFinished(() => {
    process.env.PATH = path
  })
  expect(await runOne(encoderCheck, insideWith('ffmpeg'))).toMatchObject({ status: 'fail', trouble: 'broken' })
})

it('says that the first picture takes long', async () => {
  if (!isHere) return
  let count = 0
  // The check looks at the clock before and after; the runner around it too.
  const clock = { ...systemClock, now: () => count++ * 6000 }
  expect(await runOne(encoderCheck, { ...insideWith('ffmpeg'), clock })).toMatchObject({
    status: 'warn',
    trouble: 'slow',
  })
}, 30_000)

it('ends the process that hangs, at the deadline', async () => {
  const found = await runOne(encoderCheck, { ...insideWith('ffmpeg'), deadlineS: 0.01 })
  expect(found).toMatchObject({ status: 'fail', trouble: 'timeout' })
})
