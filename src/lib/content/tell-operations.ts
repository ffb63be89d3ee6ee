// The content store that tells of every call, so that no door has to think of it.
import type { Clock } from '../base/clock.ts'
import type { Events } from '../base/events.ts'
import type { ContentEvents, ContentOperation } from '../model/content-stats.ts'
import type { AddInput, ContentStore } from './store.ts'

interface Call {
  readonly signal?: AbortSignal
}

/** The same store to whoever calls it. */
export function tellOperations(
  store: ContentStore,
  events: Events<ContentEvents>,
  clock: Pick<Clock, 'now'>,
): ContentStore {
  const tell = (operation: ContentOperation, success: boolean, beganMs: number, endedMs = clock.now()) =>
    events.emit('operation', { operation, success, seconds: (endedMs - beganMs) / 1000 })

  async function told<T>(operation: ContentOperation, options: Call | undefined, run: () => Promise<T>): Promise<T> {
    const beganMs = clock.now()
    try {
      const result = await run()
      tell(operation, true, beganMs)
      return result
    } catch (error) {
      if (!options?.signal?.aborted) tell(operation, false, beganMs)
      throw error
    }
  }

  async function* read(...[cid, options]: Parameters<ContentStore['read']>): AsyncIterable<Uint8Array> {
    const beganMs = clock.now()
    let firstMs: number | undefined
    let failed = false
    try {
      for await (const piece of store.read(cid, options)) {
        firstMs ??= clock.now()
        events.emit('bytes', { operation: 'read', direction: 'out', bytes: piece.length })
        yield piece
      }
      firstMs ??= clock.now()
    } catch (error) {
      failed = true
      throw error
    } finally {
      // A reader that has had enough after some pieces got what it wanted.
      if (firstMs !== undefined && !failed) tell('read', true, beganMs, firstMs)
      else if (failed && !options?.signal?.aborted) tell('read', false, beganMs)
    }
  }

  async function* counted(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const piece of content) {
      events.emit('bytes', { operation: 'add', direction: 'in', bytes: piece.length })
      yield piece
    }
  }

  async function* countedInputs(input: AsyncIterable<AddInput> | Iterable<AddInput>): AsyncIterable<AddInput> {
    for await (const { path, content } of input) yield { path, content: counted(content) }
  }

  return {
    kind: store.kind,
    read,
    resolve: (content, options) => told('resolve', options, () => store.resolve(content, options)),
    list: (cid, options) => told('list', options, () => store.list(cid, options)),
    add: (input, options) => told('add', options, () => store.add(countedInputs(input), options)),
    pin: (cid, options) => told('pin', options, () => store.pin(cid, options)),
    unpin: (cid, options) => told('unpin', options, () => store.unpin(cid, options)),
    pins: (options) => told('pins', options, () => store.pins(options)),
    ensureBlock: (cid, options) => told('fetch_block', options, () => store.ensureBlock(cid, options)),
    getBlock: (cid, options) => told('get_block', options, () => store.getBlock(cid, options)),
    sourceRef: (content, options) => told('source_ref', options, () => store.sourceRef(content, options)),
    close: () => store.close(),
  }
}
