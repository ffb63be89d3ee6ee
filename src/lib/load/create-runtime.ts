// The runtime of a worker with its real parts, and what it answers to: the same in a thread and in a process.
import { systemClock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { processCpuS } from '../base/host.ts'
import { wordsOf } from '../base/plain-text.ts'
import type { RpcHandlers, RpcPeer } from '../base/rpc.ts'
import { ImpairedPath } from '../impairment/path.ts'
import { createReceivingPeer } from '../webrtc/receiving-peer.ts'
import { type LoadWorkerEvents, type LoadWorkerMethods, type LoadWorkerSettings, viewersOf } from './load-plane.ts'
import { createLoadRuntime, type LoadRuntime } from './load-runtime.ts'
import { measureLag } from './loop-lag.ts'
import { sessionsOf } from './plan.ts'
import { ViewerSession } from './session.ts'
import { readSocketDrops } from './socket-drops.ts'

type Host = Pick<RpcPeer<Record<string, never>, LoadWorkerEvents>, 'emit'>

/** `exit` ends the worker. */
export function loadHandlers(host: () => Host, exit: () => void): RpcHandlers<LoadWorkerMethods> {
  let runtime: LoadRuntime | undefined
  return {
    async prepare(settings) {
      await warmUp(settings)
      runtime = createRuntime(settings, host)
      return undefined
    },
    run() {
      if (!runtime) throw new McpxError('INTERNAL', 'a run without preparation')
      return runtime.run()
    },
    cut(by) {
      runtime?.cut(by)
      return undefined
    },
    stop() {
      // After the answer has left. DTLS handshakes leave timers behind, up to 5 s, that would keep the worker.
      setImmediate(exit)
      return undefined
    },
  }
}

/** The first peer makes the certificate of all of them, and loads what is loaded late. */
async function warmUp({ addresses }: LoadWorkerSettings): Promise<void> {
  const peer = await createReceivingPeer({ clock: systemClock, bindAddresses: addresses })
  await peer.offer()
  await peer.close()
}

function createRuntime(settings: LoadWorkerSettings, host: () => Host): LoadRuntime {
  const { plan, share, server, token, quality } = settings
  const viewer = { clock: systemClock, server, ...(token && { token }), ...(quality && { quality }) }
  return createLoadRuntime({
    clock: systemClock,
    plans: viewersOf(share).map((index) => sessionsOf(plan, index)),
    createSession: (planned, originMs) =>
      new ViewerSession(planned, {
        ...viewer,
        originMs,
        createPeer: () => openPeer(settings, planned.viewer, originMs),
      }),
    measureLag,
    socketDrops: readSocketDrops,
    cpuS: processCpuS,
    onStep: (step) => host().emit('step', step),
    onSession: (session) => host().emit('session', session),
  })
}

/** With a path of its own where the paths are impaired, which changes with the run whenever the viewer comes. */
async function openPeer({ addresses, impairment, plan }: LoadWorkerSettings, viewer: number, originMs: number) {
  const clock = systemClock
  const options = { clock, bindAddresses: addresses }
  if (!impairment) return { peer: await createReceivingPeer(options) }
  const path = new ImpairedPath({ impairment, clock, seed: plan.seed + viewer, startMs: originMs })
  return { peer: await createReceivingPeer({ ...options, path }), path }
}

/** What nobody caught is told, and ends nothing: a timer of WebRTC may meet a process without descriptors. */
export function tellStrays(host: () => Host): void {
  const tell = (error: unknown) => host().emit('stray', { message: wordsOf(error).slice(0, 300) })
  process.on('unhandledRejection', tell)
  process.on('uncaughtException', tell)
}
