// The floor next to which a packet's cost is told: see floor-worker.ts.
import { Worker } from 'node:worker_threads'
import type { FloorResult, FloorSettings } from './floor-worker.ts'
import type { Receivers } from './receivers.ts'

export interface Floor {
  run(durationMs: number): Promise<FloorResult>
  stop(): Promise<unknown>
}

/** At the packet rate and size that `count` viewers at 2 Mbps get, to as many sockets. */
export async function startFloor(
  { rpc }: Receivers,
  count: number,
  packetsPerS: number,
  warmUpMs: number,
): Promise<Floor> {
  const { ports } = await rpc.call('sinks', { count })
  const payloadBytes = Math.min(1200, Math.round((count * 2_000_000) / 8 / packetsPerS))
  const settings: FloorSettings = { ports, payloadBytes, packetsPerS }
  const worker = new Worker(new URL('./floor-worker.ts', import.meta.url), { workerData: settings })
  const run = (durationMs: number) =>
    new Promise<FloorResult>((done, fail) => {
      worker.once('error', fail)
      worker.once('message', (result: FloorResult) => {
        worker.off('error', fail)
        done(result)
      })
      worker.postMessage(durationMs)
    })
  await run(warmUpMs)
  return { run, stop: () => worker.terminate() }
}
