// `mcpx serve`: starts the server, says where it is, and ends with the process's signal.
import type { Io } from '../lib/base/io.ts'
import {
  contentOptions,
  mediaOptions,
  networkOptions,
  observeOptions,
  processOptions,
  type ServeOptions,
} from '../lib/model/serve-options.ts'
import type { Server } from '../lib/model/server.ts'
import { defineCommand } from './define-command.ts'

export type StartServer = (options: Partial<ServeOptions>, deps: { signal: AbortSignal }) => Promise<Server>

const startServer: StartServer = async (options, deps) => (await import('../lib/app.ts')).createServer(options, deps)

export function createServeCommand(start: StartServer = startServer) {
  return defineCommand({
    name: 'serve',
    summary: 'Serve content by CID over WebRTC, with home, player and metrics pages',
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
      const server = await start(options, { signal: io.signal })
      try {
        for (const warning of server.warnings) io.err(`warning: ${warning}\n`)
        io.out(options.json ? readyLine(server) : readyText(server))
        await untilAborted(io)
      } finally {
        await server.stop()
      }
      return 0
    },
  })
}

function untilAborted({ signal }: Io): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function readyLine(server: Server): string {
  const { url, player, dashboard, whep, metrics, sample } = server
  return `${JSON.stringify({ event: 'ready', url, player, dashboard, whep, metrics: metrics?.mcp, webrtcMetrics: metrics?.webrtc, sample })}\n`
}

function readyText(server: Server): string {
  const rows: [string, string | undefined][] = [
    ['home', server.url],
    ['player', server.player],
    ['sample CID', server.sample?.cid],
    ['dashboard', server.dashboard],
    ['WHEP', `${server.whep}/<cid>`],
    ['metrics', server.metrics?.mcp],
    ['WebRTC metrics', server.metrics?.webrtc],
  ]
  const lines = rows.filter(([, value]) => value).map(([name, value]) => `  ${name.padEnd(14)}  ${value}\n`)
  return `mcpx is serving. Ctrl-C stops it.\n${lines.join('')}`
}
