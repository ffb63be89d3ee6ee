import { expect, it } from 'vitest'
import { rssOf } from '../../../src/lib/base/process-memory.ts'

it.skipIf(process.platform === 'win32')(
  'says about what a process says of itself, and nothing of one that is not there',
  async () => {
    const own = process.memoryUsage.rss()
    const seen = (await rssOf(process.pid))!
    expect(seen).toBeGreaterThan(own / 2)
    expect(seen).toBeLessThan(own * 2)
    expect(await rssOf(2 ** 22 + 1)).toBeUndefined()
  },
)
