import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { writeWhole } from '../../../src/lib/report/write-output.ts'

it.skipIf(!existsSync('/dev/full'))('names the file and the flag for which the disk had no room', async () => {
  await expect(writeWhole('/dev/full', '/', 'text', '--html')).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/^--html \/dev\/full: no space left/),
    hint: expect.not.stringContaining('--disk-cache-size'),
  })
})
