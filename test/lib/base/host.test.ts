import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { systemHost } from '../../../src/lib/base/host.ts'

describe('a process of this machine', () => {
  it('is alive while it runs, and has a start', () => {
    expect(systemHost.isAlive(process.pid)).toBe(true)
    if (existsSync('/proc/self/stat')) expect(systemHost.startOf(process.pid)).toMatch(/^\d+$/)
  })

  it.runIf(existsSync('/proc/self/stat'))(
    'is dead when it has ended, also while its parent does not know',
    async () => {
      // The shell starts a process that ends, becomes one that never waits for it, and so leaves a zombie.
      const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] })
      try {
        const [text] = (await once(parent.stdout, 'data')) as [Buffer]
        const pid = Number(text.toString())
        await expect.poll(() => systemHost.isAlive(pid), { timeout: 3000 }).toBe(false)
        expect(() => process.kill(pid, 0)).not.toThrow()
      } finally {
        parent.kill()
      }
    },
  )
})
