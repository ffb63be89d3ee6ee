// Viewers in a process of their own, so that their work is in no figure of the server.
import { type ChildProcess, fork } from 'node:child_process'
import { createRpc, type RpcPeer, type RpcPort } from '../../src/lib/base/rpc.ts'
import type { Engine } from '../../src/lib/engine/engine.ts'

export type ReceiverMethods = {
  /** `whole` viewers decrypt, report and send feedback as a browser does; the others count packets at the socket. */
  offer: [{ whole: boolean }, { id: number; sdp: string }]
  /** Resolves once the connection stands. */
  answer: [{ id: number; sdp: string }, undefined]
  counts: [undefined, { received: number; lost: number; bytes: number }]
  close: [{ id: number }, undefined]
  /** UDP ports that swallow what they get, for the floor. */
  sinks: [{ count: number }, { ports: readonly number[] }]
}

export interface Receivers {
  readonly rpc: RpcPeer<ReceiverMethods, Record<string, never>>
  stop(): Promise<void>
}

const over = (child: ChildProcess): RpcPort => ({
  postMessage: (message) => void (child.connected && child.send(message as object)),
  on: (_event, listener) => child.on('message', listener),
})

export function startReceivers(): Receivers {
  const child = fork(new URL('./receiver-process.ts', import.meta.url), [], { execArgv: [], serialization: 'advanced' })
  const rpc = createRpc<Record<string, never>, ReceiverMethods, Record<string, never>, Record<string, never>>(
    over(child),
    {},
    () => {},
  )
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  child.once('exit', () => rpc.close())
  return {
    rpc,
    async stop() {
      child.kill()
      await exited
    },
  }
}

export interface Watching {
  readonly streamId: string
  readonly receiver: number
}

/** Opens a stream and connects a viewer to it. */
export async function watch(
  engine: Engine,
  { rpc }: Receivers,
  content: string,
  { whole = false, loop = true }: { whole?: boolean; loop?: boolean } = {},
): Promise<Watching> {
  const [stream, offer] = await Promise.all([engine.open({ content, loop }), rpc.call('offer', { whole })])
  const { sdp } = await engine.acceptOffer(stream.id, offer.sdp)
  await rpc.call('answer', { id: offer.id, sdp })
  return { streamId: stream.id, receiver: offer.id }
}

export async function unwatch(engine: Engine, { rpc }: Receivers, watching: Watching): Promise<void> {
  await rpc.call('close', { id: watching.receiver })
  await engine.close(watching.streamId).catch(() => {})
}

/** `count` viewers, a few connecting at a time; paused, they are connections that cost next to nothing. */
export async function watchMany(
  engine: Engine,
  receivers: Receivers,
  content: string,
  count: number,
  { isPaused = false, ...options }: { whole?: boolean; isPaused?: boolean } = {},
): Promise<Watching[]> {
  const found: Watching[] = []
  let left = count
  const connect = async () => {
    while (left-- > 0) {
      const watching = await watch(engine, receivers, content, options)
      if (isPaused) await engine.command(watching.streamId, { type: 'pause' })
      found.push(watching)
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, count) }, connect))
  return found
}
