// Calls over a real message port: structured cloning included.
import { getEventListeners } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { createRpc, type RpcPeer, type RpcPort } from '../../../src/lib/base/rpc.ts'

type Methods = {
  add: [{ a: number; b: number }, number]
  hold: [undefined, string]
  fail: [{ how: 'known' | 'unknown' }, undefined]
  uncloneable: [undefined, unknown]
}
type NoMethods = Record<string, never>
type Told = { said: { text: string } }

let ports: { ours: MessagePort; theirs: MessagePort }
let caller: RpcPeer<Methods, NoMethods>
let answerer: RpcPeer<NoMethods, Told>
let heard: unknown[]
/** Of each call that is held: its signal, and what ends it. */
let held: { signal: AbortSignal; end: (text: string) => void }[]
let onHold: () => void

const isHeld = () =>
  new Promise<void>((resolve) => {
    onHold = resolve
  })

beforeEach(() => {
  const { port1: ours, port2: theirs } = new MessageChannel()
  ports = { ours, theirs }
  heard = []
  held = []
  onHold = () => {}
  caller = createRpc<NoMethods, Methods, NoMethods, Told>(ours as unknown as RpcPort, {}, (event, payload) =>
    heard.push([event, payload]),
  )
  answerer = createRpc<Methods, NoMethods, Told, NoMethods>(
    theirs as unknown as RpcPort,
    {
      add: ({ a, b }) => a + b,
      hold: (_, { signal }) =>
        new Promise((end) => {
          held.push({ signal, end })
          onHold()
        }),
      fail({ how }) {
        if (how === 'known') throw new McpxError('INVALID_CID', '"x" is no CID', { hint: 'Give another.' })
        throw new TypeError('x is not a function')
      },
      uncloneable: () => () => 'a function cannot cross',
    },
    () => {},
  )
})
afterEach(() => ports.ours.close())

describe('a call', () => {
  it('gets its own answer, in whatever order they come', async () => {
    const numbers = fc.array(fc.tuple(fc.integer(), fc.integer()), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(numbers, async (pairs) => {
        const sums = await Promise.all(pairs.map(([a, b]) => caller.call('add', { a, b })))
        expect(sums).toEqual(pairs.map(([a, b]) => a + b))
      }),
      { numRuns: 20 },
    )
    const [first, second] = [caller.call('hold', undefined), caller.call('hold', undefined)]
    await caller.call('add', { a: 1, b: 1 })
    held[1]!.end('second')
    held[0]!.end('first')
    expect(await Promise.all([first, second])).toEqual(['first', 'second'])
  })

  it('fails with the code and the hint of the other side, and without its stack', async () => {
    const known = await caller.call('fail', { how: 'known' }).catch((error) => error)
    expect(known).toBeInstanceOf(McpxError)
    expect(known).toMatchObject({ code: 'INVALID_CID', message: '"x" is no CID', hint: 'Give another.', exit: 2 })
    expect(known.cause).toBeUndefined()
    await expect(caller.call('fail', { how: 'unknown' })).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it.each(['nothing', 'toString', 'constructor', '__proto__'])('of %s, which there is not, fails', async (method) => {
    await expect(caller.call(method as 'add', { a: 1, b: 2 })).rejects.toThrow(`no method "${method}"`)
  })

  it('whose answer cannot cross fails, and does not hang', async () => {
    await expect(caller.call('uncloneable', undefined)).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('whose parameters cannot cross fails, and leaves nothing behind', async () => {
    const { signal } = new AbortController()
    const a = (() => 1) as unknown as number
    await expect(caller.call('add', { a, b: 1 }, { signal })).rejects.toThrow(/could not be cloned/)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(await caller.call('add', { a: 2, b: 1 })).toBe(3)
  })
})

describe('a signal', () => {
  it('ends a call on both sides; an answer that comes after is nobody’s', async () => {
    const controller = new AbortController()
    const begun = isHeld()
    const call = caller.call('hold', undefined, { signal: controller.signal })
    await begun
    controller.abort('enough')
    await expect(call).rejects.toBe('enough')
    expect(await caller.call('add', { a: 1, b: 1 })).toBe(2)
    expect(held[0]!.signal.aborted).toBe(true)
    held[0]!.end('too late')
    expect(await caller.call('add', { a: 2, b: 2 })).toBe(4)
  })

  it('that is aborted already lets nothing go out', async () => {
    await expect(caller.call('hold', undefined, { signal: AbortSignal.abort('never') })).rejects.toBe('never')
    await caller.call('add', { a: 1, b: 1 })
    expect(held).toEqual([])
  })

  it('is let go when the call is over, however it ends', async () => {
    const { signal } = new AbortController()
    await caller.call('add', { a: 1, b: 1 }, { signal })
    await caller.call('fail', { how: 'known' }, { signal }).catch(() => {})
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('closing', () => {
  it('rejects what is pending and what comes after, with the same error', async () => {
    const begun = isHeld()
    const call = caller.call('hold', undefined)
    await begun
    const error = new McpxError('PEER_FAILED', 'it went away')
    caller.close(error)
    await expect(call).rejects.toBe(error)
    await expect(caller.call('add', { a: 1, b: 1 })).rejects.toBe(error)
  })

  it('on the side that answers ends the work that goes on', async () => {
    const begun = isHeld()
    caller.call('hold', undefined).catch(() => {})
    await begun
    answerer.close()
    expect(held[0]!.signal.aborted).toBe(true)
  })
})

it('events come in order, and messages that nobody asked for change nothing', async () => {
  ports.theirs.postMessage({ t: 'ok', id: 999, result: 1 })
  ports.theirs.postMessage({ t: 'what' })
  answerer.emit('said', { text: 'a' })
  answerer.emit('said', { text: 'b' })
  expect(await caller.call('add', { a: 1, b: 1 })).toBe(2)
  expect(heard).toEqual([
    ['said', { text: 'a' }],
    ['said', { text: 'b' }],
  ])
})
