import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createMediaPlane } from '../../../src/lib/engine/media-plane.ts'
import type { WorkerSettings } from '../../../src/lib/protocol/media-plane.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A thread that answers every call. */
class AnsweringWorker extends EventEmitter {
  postMessage({ t, id, method }: { t: string; id: number; method: string }): void {
    if (t !== 'call') return
    queueMicrotask(() => this.emit('message', { t: 'ok', id, result: undefined }))
    if (method === 'stop') queueMicrotask(() => this.emit('exit', 0))
  }
  terminate(): void {
    this.emit('exit', 1)
  }
}

async function startPlane(workers: number) {
  const clock = new FakeClock()
  const running: AnsweringWorker[] = []
  const told: unknown[] = []
  const settings = Array.from({ length: workers }, (_, index) => ({ index }) as WorkerSettings)
  const plane = await createMediaPlane(settings, {
    clock,
    logger: silentLogger,
    spawn: ((_name: string, _base: string, { index }: WorkerSettings) => {
      running[index] = new AnsweringWorker()
      return running[index]
    }) as never,
    handlers: {} as never,
    onEvent: (worker, event, payload) => void told.push([worker, event, payload]),
    onWorkerLost: () => {},
  })
  return { plane, clock, running, told, close: (worker: number) => plane.call(worker, 'close', {} as never) }
}

describe('the media workers', () => {
  it('start again for as long as each lived a healthy minute', async () => {
    const { clock, running, close } = await startPlane(1)
    for (let death = 0; death < 50; death++) {
      for (let second = 0; second < 61; second++) {
        running[0]!.emit('message', { t: 'event', event: 'health', payload: {} })
        clock.advance(1000)
      }
      running[0]!.terminate()
    }
    await expect(close(0)).resolves.toBeUndefined()
  })

  it('that die at once are given up, and the others are not', async () => {
    const { running, close } = await startPlane(2)
    for (let death = 0; death < 50; death++) running[0]!.terminate()
    await expect(close(0)).rejects.toMatchObject({ code: 'INTERNAL' })
    running[1]!.terminate()
    await expect(close(1)).resolves.toBeUndefined()
  })

  it('that die end what ran on them, and only that', async () => {
    const { running, told } = await startPlane(2)
    const task = (id: string, status = 'running') => ({ id, name: 'read', status, createdAtMs: 1 })
    const tell = (worker: number, payload: object) =>
      running[worker]!.emit('message', { t: 'event', event: 'task', payload })
    tell(0, task('a'))
    tell(0, task('b'))
    tell(0, task('b', 'completed'))
    tell(1, task('c'))
    told.length = 0
    running[0]!.terminate()
    expect(told).toMatchObject([[0, 'task', { id: 'a', status: 'failed', error: { code: 'INTERNAL' } }]])
    running[0]!.terminate()
    expect(told).toHaveLength(1)
  })
})
