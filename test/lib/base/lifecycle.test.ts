import { describe, expect, it } from 'vitest'
import { createCloser } from '../../../src/lib/base/lifecycle.ts'

describe('a closer', () => {
  it('closes in reverse order, each after the one before is closed', async () => {
    const closer = createCloser()
    const told: string[] = []
    for (const name of ['first', 'second', 'third'])
      closer.add(name, async () => {
        told.push(`${name} begins`)
        await Promise.resolve()
        told.push(`${name} ends`)
      })
    expect(await closer.close()).toEqual([])
    expect(told).toEqual(['third', 'second', 'first'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  it('tells what failed by name, and closes the others all the same', async () => {
    const closer = createCloser()
    const closed: string[] = []
    closer.add('store', () => void closed.push('store'))
    closer.add('socket', () => {
      throw new Error('at once')
    })
    closer.add('worker', () => Promise.reject(new Error('later')))
    expect(await closer.close()).toEqual([
      { name: 'worker', error: new Error('later') },
      { name: 'socket', error: new Error('at once') },
    ])
    expect(closed).toEqual(['store'])
  })

  it('closes once, however often it is asked, and says the same to all', async () => {
    const closer = createCloser()
    let times = 0
    closer.add('store', () => {
      times++
      throw new Error('torn')
    })
    const [one, two] = [closer.close(), closer.close()]
    expect(await one).toHaveLength(1)
    expect(await two).toEqual(await one)
    expect(await closer.close()).toEqual(await one)
    expect(times).toBe(1)
  })

  it('forgets what was closed otherwise, also twice, and no other of the same name', async () => {
    const closer = createCloser()
    const closed: number[] = []
    const forgetFirst = closer.add('stream', () => void closed.push(1))
    closer.add('stream', () => void closed.push(2))
    forgetFirst()
    forgetFirst()
    await closer.close()
    expect(closed).toEqual([2])
  })

  it('closes what is added while it closes', async () => {
    const closer = createCloser()
    const closed: string[] = []
    closer.add('early', () => void closed.push('early'))
    closer.add('opens more', () => void closer.add('late', () => void closed.push('late')))
    await closer.close()
    expect(closed).toEqual(['late', 'early'])
  })
})
