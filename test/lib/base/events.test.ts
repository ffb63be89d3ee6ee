import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Events } from '../../../src/lib/base/events.ts'

type Told = { count: [number]; both: [string, number] }

describe('listeners', () => {
  it('hear their own event with its arguments, in the order in which they came', () => {
    const events = new Events<Told>()
    const heard: unknown[] = []
    events.on('count', (count) => heard.push(['first', count]))
    events.on('count', (count) => heard.push(['second', count]))
    events.on('both', (...args) => heard.push(args))
    events.emit('count', 7)
    events.emit('both', 'a', 1)
    expect(heard).toEqual([
      ['first', 7],
      ['second', 7],
      ['a', 1],
    ])
  })

  it('hurt neither the emitter nor each other with what they throw', () => {
    const errors: unknown[] = []
    const events = new Events<Told>((error) => errors.push(error))
    const heard: number[] = []
    events.on('count', () => {
      throw 'no error at all'
    })
    events.on('count', (count) => heard.push(count))
    events.emit('count', 3)
    expect(heard).toEqual([3])
    expect(errors).toEqual(['no error at all'])
    const silent = new Events<Told>()
    silent.on('count', () => {
      throw new Error('nobody asks')
    })
    expect(() => silent.emit('count', 1)).not.toThrow()
  })

  it('may be removed, twice, and while an event is told', () => {
    const events = new Events<Told>()
    const heard: string[] = []
    const off = events.on('count', () => {
      heard.push('once')
      off()
      off()
      events.on('count', () => heard.push('added'))
    })
    events.on('count', () => heard.push('stays'))
    events.emit('count', 1)
    expect(heard).toEqual(['once', 'stays'])
    events.emit('count', 2)
    expect(heard).toEqual(['once', 'stays', 'stays', 'added'])
    events.removeAll()
    events.emit('count', 3)
    expect(heard).toHaveLength(4)
  })
})

/** How many listeners there are. */
class CountedEvents extends Events<Told> {
  open = 0
  override on: Events<Told>['on'] = (name, listener) => {
    const off = super.on(name, listener)
    this.open++
    return () => {
      off()
      this.open--
    }
  }
}

describe('the next event', () => {
  it('leaves no listener behind, whether it comes or is given up', async () => {
    const events = new CountedEvents()
    const controller = new AbortController()
    const [first, second] = [events.next('count'), events.next('both', controller.signal)]
    expect(events.open).toBe(2)
    events.emit('count', 1)
    controller.abort('enough')
    await Promise.allSettled([first, second])
    expect(events.open).toBe(0)
  })

  it('is waited for once, and leaves nothing at the signal', async () => {
    const events = new Events<Told>()
    const { signal } = new AbortController()
    const next = events.next('both', signal)
    events.emit('count', 1)
    events.emit('both', 'a', 1)
    events.emit('both', 'b', 2)
    expect(await next).toEqual(['a', 1])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('is given up with the reason of the signal, before or while it is waited for', async () => {
    const errors: unknown[] = []
    const events = new Events<Told>((error) => errors.push(error))
    await expect(events.next('count', AbortSignal.abort('before'))).rejects.toBe('before')
    const controller = new AbortController()
    const next = events.next('count', controller.signal)
    controller.abort('meanwhile')
    await expect(next).rejects.toBe('meanwhile')
    events.emit('count', 1)
    expect(errors).toEqual([])
  })
})
