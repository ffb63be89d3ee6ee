import { describe, expect, it } from 'vitest'
import { createTaskTracker, type TaskRecord } from '../../../src/lib/base/tasks.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp() {
  const clock = new FakeClock()
  const tasks = createTaskTracker({ clock })
  const told: TaskRecord[] = []
  tasks.events.on('task', (record) => told.push(record))
  return { clock, tasks, told, last: () => told.at(-1)! }
}

describe('a task', () => {
  it('is told when it begins and when it ends, once', () => {
    const { clock, tasks, told } = setUp()
    const task = tasks.begin('read', 'stream-1')
    expect(tasks.running()).toMatchObject([{ name: 'read', owner: 'stream-1', status: 'running' }])
    clock.advance(1500)
    task.end()
    task.end(new Error('too late'))
    expect(tasks.running()).toEqual([])
    expect(told.map(({ status }) => status)).toEqual(['running', 'completed'])
    expect(told[1]!.endedAtMs! - told[1]!.createdAtMs).toBe(1500)
  })

  it('fails with what its work throws', async () => {
    const { tasks, last } = setUp()
    await expect(tasks.run('read', () => Promise.reject(new Error('torn')))).rejects.toThrow('torn')
    expect(last()).toMatchObject({ status: 'failed', error: { message: 'torn' } })
    expect(await tasks.run('read', async () => 7)).toBe(7)
    expect(last()).toMatchObject({ status: 'completed' })
  })

  it('is cancelled with its owner, and the others go on', async () => {
    const { tasks, told } = setUp()
    const waiting = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const mine = tasks.run('wait', waiting, { owner: 'mine' })
    const other = tasks.begin('wait', 'other')
    tasks.cancelOwner('mine')
    await expect(mine).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(told.filter(({ owner }) => owner === 'mine').map(({ status }) => status)).toEqual(['running', 'cancelled'])
    expect(other.signal.aborted).toBe(false)
  })

  it('hears the signal of who asked, and fails then by what that says', async () => {
    const { tasks, last } = setUp()
    const controller = new AbortController()
    const work = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const run = tasks.run('wait', work, { signal: controller.signal })
    controller.abort(new Error('the viewer left'))
    await expect(run).rejects.toThrow('the viewer left')
    expect(last()).toMatchObject({ status: 'failed', error: { message: 'the viewer left' } })
    expect(tasks.running()).toEqual([])
  })

  it('has an id of its own, also beside those of another tracker', () => {
    const trackers = ['a', 'b'].map((prefix) => createTaskTracker({ clock: new FakeClock(), prefix }))
    for (const tasks of trackers) for (const name of ['one', 'two']) tasks.begin(name)
    const ids = trackers.flatMap((tasks) => tasks.running().map(({ id }) => id))
    expect(new Set(ids).size).toBe(4)
  })

  it('ends with the tracker, whenever it began', () => {
    const { tasks, told } = setUp()
    const before = tasks.begin('early')
    tasks.close()
    const after = tasks.begin('late')
    expect([before.signal.aborted, after.signal.aborted]).toEqual([true, true])
    expect(tasks.running()).toEqual([])
    expect(told.filter(({ status }) => status === 'cancelled')).toHaveLength(2)
  })
})
