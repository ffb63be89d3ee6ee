// A gateway on loopback that does what a test tells it to: serve, lie, hang.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface TestGateway {
  readonly url: string
  /** `gateway:<host>`, as sources are called. */
  readonly name: string
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  /** Requests whose client has gone before the answer. */
  readonly abandoned: () => number
  close(): Promise<void>
}

export async function startGateway(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestGateway> {
  const asked: string[] = []
  let abandoned = 0
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.on('close', () => {
      if (!response.writableFinished) abandoned++
    })
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    name: `gateway:127.0.0.1:${port}`,
    asked,
    abandoned: () => abandoned,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Sends 64 MiB, as fast as they are taken, and tells of each piece. */
export function flood(response: ServerResponse, onPiece: (bytes: number) => void = () => {}): void {
  function* pieces() {
    for (let count = 0; count < 1024; count++) {
      onPiece(65_536)
      yield Buffer.alloc(65_536)
    }
  }
  pipeline(Readable.from(pieces(), { objectMode: false }), response).catch(() => {})
}
