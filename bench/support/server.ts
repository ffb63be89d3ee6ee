// A real server inside the process of a bench, on loopback, in a folder that goes away with it.
import { createReadStream } from 'node:fs'
import { createServer, type McpxServer } from '../../src/lib/app.ts'
import { createLogger } from '../../src/lib/base/logger.ts'
import type { ServeOptions } from '../../src/lib/model/serve-options.ts'

export function startServer(options: Partial<ServeOptions> = {}): Promise<McpxServer> {
  return createServer(
    {
      port: 0,
      isolation: true,
      offline: true,
      disableWebrtcMetrics: true,
      rateLimit: 0,
      mediaWorkers: 1,
      maxStreams: 2000,
      logLevel: 'warning',
      ...options,
    },
    { logger: createLogger({ level: 'error' }) },
  )
}

/** Adds a file or bytes and says the CID. */
export async function addContent(server: McpxServer, name: string, content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === 'string' ? createReadStream(content) : oneOf(content)
  const { cid } = await server.store.add([{ path: name, content: bytes }])
  return cid
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
