import { once } from 'node:events'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'

const file = (path: string) => pathToFileURL(resolve(import.meta.dirname, '../../../src/lib', path)).href

/** A worker with timers of others that throw; says what it logged, once it was asked after all of them. */
const source = `
  import { parentPort } from 'node:worker_threads'
  import { createLogger } from '${file('base/logger.ts')}'
  import { surviveStrays } from '${file('worker/survive-strays.ts')}'
  const lines = []
  surviveStrays(createLogger({ level: 'debug', write: (line) => lines.push(JSON.parse(line)) }))
  setInterval(() => { throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory')) }, 1).unref()
  process.nextTick(() => { throw new Error('in a callback') })
  Promise.reject(new Error('nobody waits'))
  let turns = 0
  setInterval(() => ++turns === 20 && parentPort.postMessage(lines), 1)
`

it('a worker thread outlives timers, callbacks and promises that fail, and says each once', async () => {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
  onTestFinished(async () => void (await worker.terminate()))
  const [lines] = (await once(worker, 'message')) as [{ error: string; msg: string }[]]
  expect(lines.map(({ error }) => error).sort()).toEqual([
    'Error: EMFILE: too many open files, uv_resident_set_memory',
    'Error: in a callback',
    'Error: nobody waits',
  ])
})
