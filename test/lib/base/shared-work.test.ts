import { describe, expect, it } from 'vitest'
import { createSharedWork } from '../../../src/lib/base/shared-work.ts'

/** A run whose end the test decides, and what became of it. */
function createRun() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const seen: { starts: number; aborted?: unknown } = { starts: 0 }
  const work = (signal: AbortSignal) => {
    seen.starts++
    signal.addEventListener('abort', () => {
      seen.aborted = signal.reason
    })
    return promise
  }
  return { work, resolve, reject, seen }
}

describe('shared work', () => {
  it('runs once for all who ask for the same key meanwhile, and anew afterwards', async () => {
    const shared = createSharedWork<string>()
    const { work, resolve, seen } = createRun()
    const both = [shared.run('a', work), shared.run('a', work, new AbortController().signal)]
    expect([shared.has('a'), shared.has('b')]).toEqual([true, false])
    resolve('done')
    expect(await Promise.all(both)).toEqual(['done', 'done'])
    expect(shared.has('a')).toBe(false)
    await shared.run('a', work)
    expect(seen.starts).toBe(2)
  })

  it('lets one asker go at once while the others wait on', async () => {
    const shared = createSharedWork<string>()
    const { work, resolve, seen } = createRun()
    const leaver = new AbortController()
    const left = shared.run('a', work, leaver.signal)
    const stays = shared.run('a', work, new AbortController().signal)
    leaver.abort('gone')
    await expect(left).rejects.toBe('gone')
    expect(seen.aborted).toBeUndefined()
    resolve('done')
    expect(await stays).toBe('done')
  })

  it('aborts the run when nobody waits any more, and starts anew for the next', async () => {
    const shared = createSharedWork<string>()
    const first = createRun()
    const leaver = new AbortController()
    const left = shared.run('a', first.work, leaver.signal)
    leaver.abort('gone')
    await expect(left).rejects.toBe('gone')
    expect(first.seen.aborted).toBe('gone')
    const second = createRun()
    const asked = shared.run('a', second.work)
    first.reject(new Error('late'))
    second.resolve('done')
    expect(await asked).toBe('done')
  })

  it('tells all of a failure', async () => {
    const shared = createSharedWork<string>()
    const { work, reject } = createRun()
    const both = [shared.run('a', work), shared.run('a', work, new AbortController().signal)]
    const failures = Promise.allSettled(both)
    reject(new Error('broken'))
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
