// `mcpx serve`: starts the server, says where it is, and ends with the process's signal.
import { untilAborted } from '../lib/base/deadline.ts'
import { exitCodes } from '../lib/base/errors.ts'
import type { Io } from '../lib/base/io.ts'
import { plain } from '../lib/base/plain-text.ts'
import { defineCommand } from '../lib/command-line/define-command.ts'
import {
  contentOptions,
  mediaOptions,
  networkOptions,
  observeOptions,
  processOptions,
  type ServeOptions,
} from '../lib/model/serve-options.ts'
import type { Server } from '../lib/model/server.ts'
import { withToken } from '../lib/protocol/routes.ts'
import { readyLine, readyText, stepText, verdictLine, verdictText } from './serve/view.ts'
import { openPage } from './shared/open-page.ts'
import { type StartServer, startServer } from './shared/start-server.ts'

type Running = Pick<ServeOptions, 'openBrowser' | 'authToken'> & { readonly json: boolean }

export function createServeCommand(start: StartServer = startServer) {
  return defineCommand({
    name: 'serve',
    summary: 'Serve content by CID over WebRTC, with player, dashboard and metrics',
    description:
      'Serves until Ctrl-C or SIGTERM, which is a normal end (exit 0). With --webrtc-config-path, SIGHUP reads that file again.',
    options: {
      Network: networkOptions,
      Content: contentOptions,
      Media: mediaOptions,
      Observation: observeOptions,
      Process: processOptions,
    },
    examples: [
      { line: 'mcpx serve --sample', does: 'Serve, and print the player URL of the sample' },
      { line: 'mcpx serve --port 0 --json', does: 'Take a free port; one JSON line when ready' },
      { line: 'mcpx serve --ipfs-api http://127.0.0.1:5001', does: 'Use the content of a Kubo daemon' },
      { line: 'mcpx serve --config mcpx.json --print-config', does: 'Show each value and its origin' },
    ],
    async run({ options, io }) {
      if (options.reload) {
        const { isReloaded, serveAndReload } = await import('./serve/reload.ts')
        if (!isReloaded(io)) return serveAndReload(io, options)
      }
      const logFormat = options.json ? 'json' : options.logFormat
      const sample = options.sample || options.runTests
      const server = await start({ ...options, logFormat, sample }, { signal: io.signal })
      try {
        if (options.webrtcConfigPath !== undefined) io.onHangup(() => void server.reload())
        await announce(server, options, io)
        if (options.runTests) return await selfTest(server, options, io)
        await untilAborted(io.signal)
        return exitCodes.ok
      } finally {
        await server.stop()
      }
    },
  })
}

async function announce(server: Server, options: Running, io: Io): Promise<void> {
  for (const warning of server.warnings) io.err(plain`warning: ${warning}\n`)
  io.out(options.json ? readyLine(server) : readyText(server, io.stdoutIsTty ? options.authToken : undefined))
  if (options.openBrowser) await openPage(withToken(server.player ?? server.url, options.authToken), io)
}

async function selfTest(server: Server, options: Running, io: Io): Promise<number> {
  const [{ createApi }, { runSelfTest }] = await Promise.all([
    import('../lib/client/api.ts'),
    import('../lib/client/self-test.ts'),
  ])
  const api = createApi({
    url: server.url,
    signal: io.signal,
    ...(options.authToken ? { token: options.authToken } : {}),
  })
  const steps = await runSelfTest(api, (step) => io.err(stepText(step)))
  io.signal.throwIfAborted()
  io.out(options.json ? verdictLine(steps) : verdictText(steps))
  return steps.every((step) => step.passed) ? exitCodes.ok : exitCodes.error
}
