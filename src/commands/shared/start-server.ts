// The server of a command, in its own process; loaded only when one is started. Tests start another.
import type { ServeOptions } from '../../lib/model/serve-options.ts'
import type { Server } from '../../lib/model/server.ts'

export type StartServer = (options: Partial<ServeOptions>, deps: { signal: AbortSignal }) => Promise<Server>

export const startServer: StartServer = async (options, deps) =>
  (await import('../../lib/app.ts')).createServer(options, deps)
