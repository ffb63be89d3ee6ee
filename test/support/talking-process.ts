// A child process for tests of the link to one: answers calls, talks on its pipes, breaks the form, and ends as it is told to.
import { createRpc, type RpcPort } from '../../src/lib/base/rpc.ts'

export type TalkingMethods = {
  settings: [undefined, unknown]
  env: [undefined, string[]]
  say: [{ stream: 'stdout' | 'stderr'; text: string }, undefined]
  nonsense: [undefined, undefined]
  /** Calls so often, without a look at what is answered. */
  ask: [{ method: 'wait' | 'answer'; times: number }, undefined]
  ignore: [undefined, undefined]
  exit: [{ code: number }, undefined]
  stop: [undefined, undefined]
}

const port: RpcPort = {
  postMessage: (message) => void process.send?.(message),
  on: (_event, listener) => process.on('message', listener),
}
let isDeaf = false
createRpc<TalkingMethods, Record<string, never>, Record<string, never>, Record<string, never>>(
  port,
  {
    settings: () => JSON.parse(process.argv[2]!),
    env: () => Object.keys(process.env),
    say({ stream, text }) {
      process[stream].write(text)
      return undefined
    },
    nonsense() {
      process.send?.({ t: 'fail', id: 1 })
      return new Promise<undefined>(() => {})
    },
    ask({ method, times }) {
      for (let id = 0; id < times; id++) process.send?.({ t: 'call', id, method, params: null })
      return undefined
    },
    ignore() {
      isDeaf = true
      return undefined
    },
    exit: ({ code }) => process.exit(code),
    stop() {
      if (!isDeaf) setImmediate(() => process.exit())
      return undefined
    },
  },
  () => {},
)
