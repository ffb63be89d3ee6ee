// Typed calls over a message port: what crosses a worker border, and the same in one process for tests.
import { type ErrorRecord, fromErrorRecord, McpxError, toErrorRecord } from './errors.ts'

/** Method name → [parameters, result]; every value must survive structured cloning. */
export type RpcMethods = { [method: string]: [params: unknown, result: unknown] }
/** Event name → payload, one way, without an answer. */
export type RpcEvents = { [event: string]: unknown }

/** What a MessagePort, a Worker and parentPort have in common. */
export interface RpcPort {
  postMessage(message: unknown, transfer?: readonly never[]): void
  on(event: 'message', listener: (message: unknown) => void): unknown
}

export type RpcHandlers<M extends RpcMethods> = {
  [K in keyof M]: (params: M[K][0], context: { signal: AbortSignal }) => Promise<M[K][1]> | M[K][1]
}

export interface RpcPeer<Theirs extends RpcMethods, OurEvents extends RpcEvents> {
  /** Rejects with the other side's McpxError, with the signal's reason, or with INTERNAL once closed. */
  call<K extends keyof Theirs & string>(
    method: K,
    params: Theirs[K][0],
    options?: { signal?: AbortSignal; transfer?: readonly unknown[] },
  ): Promise<Theirs[K][1]>
  emit<K extends keyof OurEvents & string>(event: K, payload: OurEvents[K]): void
  /** Rejects what is pending with the given error. */
  close(error?: McpxError): void
}

type Message =
  | { t: 'call'; id: number; method: string; params: unknown }
  | { t: 'abort'; id: number }
  | { t: 'ok'; id: number; result: unknown }
  | { t: 'fail'; id: number; error: ErrorRecord }
  | { t: 'event'; event: string; payload: unknown }

interface Pending {
  resolve(result: unknown): void
  reject(error: unknown): void
}

export function createRpc<
  Ours extends RpcMethods,
  Theirs extends RpcMethods,
  OurEvents extends RpcEvents,
  TheirEvents extends RpcEvents,
>(
  port: RpcPort,
  handlers: RpcHandlers<Ours>,
  onEvent: <K extends keyof TheirEvents & string>(event: K, payload: TheirEvents[K]) => void,
): RpcPeer<Theirs, OurEvents> {
  const pending = new Map<number, Pending>()
  const running = new Map<number, AbortController>()
  let nextId = 1
  let closedBy: McpxError | undefined

  const send = (message: Message, transfer?: readonly unknown[]) =>
    port.postMessage(message, transfer as readonly never[])

  async function answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined
      if (!handler) throw new McpxError('INTERNAL', `no method "${method}"`)
      const result = await handler(params as never, { signal: controller.signal })
      send({ t: 'ok', id, result })
    } catch (error) {
      send({ t: 'fail', id, error: toErrorRecord(error) })
    } finally {
      running.delete(id)
    }
  }

  function settle(id: number, how: (entry: Pending) => void): void {
    const entry = pending.get(id)
    pending.delete(id)
    if (entry) how(entry)
  }

  port.on('message', (raw) => {
    const message = raw as Message
    switch (message.t) {
      case 'call':
        void answer(message.id, message.method, message.params)
        break
      case 'abort':
        running.get(message.id)?.abort()
        break
      case 'ok':
        settle(message.id, (entry) => entry.resolve(message.result))
        break
      case 'fail': {
        // Before the call is taken off the list: a record that breaks the form throws.
        const error = fromErrorRecord(message.error)
        settle(message.id, (entry) => entry.reject(error))
        break
      }
      case 'event':
        onEvent(message.event as never, message.payload as never)
    }
  })

  return {
    call(method, params, options = {}) {
      const { signal, transfer } = options
      return new Promise((resolve, reject) => {
        if (closedBy) return reject(closedBy)
        if (signal?.aborted) return reject(signal.reason)
        const id = nextId++
        const stop = () => {
          settle(id, (entry) => entry.reject(signal?.reason))
          send({ t: 'abort', id })
        }
        signal?.addEventListener('abort', stop, { once: true })
        const done = () => signal?.removeEventListener('abort', stop)
        pending.set(id, {
          resolve(result) {
            done()
            resolve(result as never)
          },
          reject(error) {
            done()
            reject(error)
          },
        })
        try {
          send({ t: 'call', id, method, params }, transfer)
        } catch (error) {
          // What cannot be cloned was not sent.
          settle(id, (entry) => entry.reject(error))
        }
      })
    },
    emit: (event, payload) => send({ t: 'event', event, payload }),
    close(error = new McpxError('INTERNAL', 'the other side is gone')) {
      closedBy = error
      for (const id of [...pending.keys()]) settle(id, (entry) => entry.reject(error))
      for (const controller of running.values()) controller.abort()
    },
  }
}
