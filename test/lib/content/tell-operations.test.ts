import { describe, expect, it } from 'vitest'
import { Events } from '../../../src/lib/base/events.ts'
import { tellOperations } from '../../../src/lib/content/tell-operations.ts'
import type { ContentEvents } from '../../../src/lib/model/content-stats.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryStore } from '../../support/http-engine.ts'

function start() {
  const inner = createMemoryStore()
  inner.files.set(cids.film, new Uint8Array(40_000))
  const events = new Events<ContentEvents>()
  const clock = createStillClock()
  const told: string[] = []
  const bytes = new Map<string, number>()
  events.on('operation', ({ operation, success, seconds }) => told.push(`${operation} ${success} ${seconds}`))
  events.on('bytes', (one) => {
    const key = `${one.operation} ${one.direction}`
    bytes.set(key, (bytes.get(key) ?? 0) + one.bytes)
  })
  return { inner, store: tellOperations(inner, events, clock), clock, told, bytes }
}

describe('the store that tells', () => {
  it('says what was done and whether it worked', async () => {
    const { store, told } = start()
    await store.resolve(cids.film)
    await expect(store.resolve(cids.missing)).rejects.toThrow('nobody has')
    await store.pin(cids.film)
    expect(await store.pins()).toEqual([cids.film])
    await store.ensureBlock(cids.film)
    expect(told).toEqual(['resolve true 0', 'resolve false 0', 'pin true 0', 'pins true 0', 'fetch_block true 0'])
  })

  it('times a read until its first bytes, and counts what comes', async () => {
    const { store, clock, told, bytes } = start()
    for await (const _ of store.read(cids.film)) clock.advance(1000)
    expect(told).toEqual(['read true 0'])
    expect(bytes.get('read out')).toBe(40_000)
    await expect(store.read(cids.missing)[Symbol.asyncIterator]().next()).rejects.toThrow('nobody has')
    expect(told.at(-1)).toBe('read false 0')
  })

  it('takes a reader that has had enough for content', async () => {
    const { inner, store, told, bytes } = start()
    for await (const _ of store.read(cids.film)) break
    expect(told).toEqual(['read true 0'])
    expect(bytes.get('read out')).toBe(16 * 1024)
    expect(inner.given.bytes).toBe(16 * 1024)
  })

  it('says nothing of what the caller gave up', async () => {
    const { inner, store, told } = start()
    const signal = AbortSignal.abort(new Error('given up'))
    await expect(
      tellOperations(
        { ...inner, list: async () => Promise.reject(signal.reason) },
        new Events(),
        createStillClock(),
      ).list(cids.folder, { signal }),
    ).rejects.toThrow('given up')
    await expect(store.resolve(cids.missing, { signal })).rejects.toThrow()
    expect(told).toEqual([])
  })

  it('counts what is added, and adds it', async () => {
    const { inner, store, told, bytes } = start()
    const content = (async function* () {
      yield new Uint8Array(1000)
      yield new Uint8Array(24)
    })()
    expect(await store.add([{ path: 'a.bin', content }])).toMatchObject({ sizeBytes: 1024 })
    expect(inner.added).toMatchObject([{ path: 'a.bin' }])
    expect(told).toEqual(['add true 0'])
    expect(bytes.get('add in')).toBe(1024)
  })
})
