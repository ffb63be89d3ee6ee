// Real worker threads: one that obeys, one that dies, one that is deaf.
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import type { McpxError } from '../../../src/lib/base/errors.ts'
import { linkWorker } from '../../../src/lib/base/worker-link.ts'

type Methods = {
  echo: [string, string]
  exit: [number, undefined]
  crash: [undefined, undefined]
  deafen: [undefined, undefined]
  hang: [undefined, undefined]
  stop: [undefined, undefined]
}

const code = `
  const { parentPort } = require('node:worker_threads')
  let isDeaf = false
  parentPort.on('message', ({ t, id, method, params }) => {
    if (t !== 'call') return
    if (method === 'exit') process.exit(params)
    if (method === 'crash') throw new Error('torn apart')
    if (method === 'stop' && !isDeaf) process.exit(0)
    if (method === 'deafen') isDeaf = true
    if (method === 'echo' || method === 'deafen') parentPort.postMessage({ t: 'ok', id, result: params })
  })
`

function link() {
  const worker = new Worker(code, { eval: true })
  const deaths: McpxError[] = []
  const died = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const { rpc, stop } = linkWorker<Record<string, never>, Methods, Record<string, never>>(
    worker,
    {},
    () => {},
    (error) => deaths.push(error),
  )
  return { rpc, stop, deaths, died }
}

it('a worker answers, and stops when it is asked to; that is no death', async () => {
  const { rpc, stop, deaths } = link()
  expect(await rpc.call('echo', 'a')).toBe('a')
  const pending = rpc.call('hang', undefined)
  const failure = expect(pending).rejects.toMatchObject({ code: 'INTERNAL' })
  await stop(60_000)
  await failure
  expect(deaths).toEqual([])
})

it('a worker that dies is told once, with its code, and fails what it owes', async () => {
  const { rpc, deaths, died } = link()
  const pending = rpc.call('hang', undefined)
  const failure = expect(pending).rejects.toThrow('ended with code 3')
  rpc.call('exit', 3).catch(() => {})
  await died
  await failure
  expect(deaths.map(({ message }) => message)).toEqual(['a worker thread ended with code 3'])
  await expect(rpc.call('echo', 'a')).rejects.toBe(deaths[0])
})

it('a worker that throws is told with what it threw', async () => {
  const { rpc, deaths, died } = link()
  rpc.call('crash', undefined).catch(() => {})
  await died
  expect(deaths[0]!.cause).toMatchObject({ message: 'torn apart' })
})

it('a worker that does not hear is ended all the same, and it is no death', async () => {
  const { rpc, stop, deaths } = link()
  await rpc.call('deafen', undefined)
  await stop(5)
  expect(deaths).toEqual([])
  await expect(rpc.call('echo', 'a')).rejects.toMatchObject({ code: 'INTERNAL' })
})
