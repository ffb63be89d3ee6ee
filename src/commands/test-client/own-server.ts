// A server for one test, in a process of its own: in this one its work would count as the tool's.
import { McpxError } from '../../lib/base/errors.ts'
import { linkProcess } from '../../lib/base/process-link.ts'
import { spawnProcess } from '../../lib/base/spawn-process.ts'

export interface OwnServer {
  readonly url: string
  readonly sampleCid: string
  stop(): Promise<void>
}

export type OwnServerMethods = {
  /** Starts on loopback, in a throw-away repo, with the sample. */
  start: [{ readonly isOffline: boolean }, { readonly url: string; readonly sampleCid: string }]
  stop: [undefined, undefined]
}

const stopGraceMs = 5000

export async function startOwnServer(options: { isOffline: boolean; signal: AbortSignal }): Promise<OwnServer> {
  const { isOffline, signal } = options
  const child = spawnProcess('./own-server-process', import.meta.url, { settings: {} })
  const link = linkProcess<Record<string, never>, OwnServerMethods, Record<string, never>>(child, {
    handlers: {},
    onEvent: () => {},
    onLine: () => {},
    onDeath: ({ how, lastLines }) =>
      new McpxError('SERVER_UNREACHABLE', `the server of this test ended with ${how}: ${lastLines.join(' ')}`),
  })
  const stop = () => link.stop(stopGraceMs)
  try {
    return { ...(await link.rpc.call('start', { isOffline }, { signal })), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
