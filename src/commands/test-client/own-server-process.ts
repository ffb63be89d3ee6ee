// The process of the server that `mcpx test-client` starts where none runs.
import { createRpc, type RpcPort } from '../../lib/base/rpc.ts'
import type { Server } from '../../lib/model/server.ts'
import { startServer } from '../shared/start-server.ts'
import type { OwnServerMethods } from './own-server.ts'

if (!process.connected) throw new Error('own-server-process runs as a child process only')

const ending = new AbortController()
let server: Server | undefined

async function end(): Promise<void> {
  ending.abort()
  await server?.stop()
  process.exit()
}

// The parent ends this process; Ctrl-C in a terminal is for the parent alone.
process.on('SIGINT', () => {})
process.on('disconnect', () => void end())

const port: RpcPort = {
  postMessage: (message) => void (process.connected && process.send?.(message as object, () => {})),
  on: (_event, listener) => process.on('message', listener),
}
createRpc<OwnServerMethods, Record<string, never>, Record<string, never>, Record<string, never>>(
  port,
  {
    async start({ isOffline }) {
      const options = {
        host: '127.0.0.1',
        port: 0,
        isolation: true,
        offline: isOffline,
        sample: true,
        rateLimit: 0,
        maxStreams: 100_000,
        disableWebrtcMetrics: true,
        logLevel: 'error' as const,
      }
      server = await startServer(options, { signal: ending.signal })
      return { url: server.url, sampleCid: server.sample?.cid ?? '' }
    },
    stop() {
      // After the answer has left.
      setImmediate(() => void end())
      return undefined
    },
  },
  () => {},
)
