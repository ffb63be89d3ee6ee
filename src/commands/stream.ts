// `mcpx stream`: plays content to a viewer without a screen and shows how well it arrives.
import { resolve } from 'node:path'
import { systemClock } from '../lib/base/clock.ts'
import { exitCodes, McpxError } from '../lib/base/errors.ts'
import { isFancy } from '../lib/base/io.ts'
import { defineCommand } from '../lib/command-line/define-command.ts'
import { contentOptions } from '../lib/model/serve-options.ts'
import { type StartServer, startServer } from './shared/start-server.ts'
import { playOptions, type StreamOptions, serverOptions } from './stream/options.ts'

export function createStreamCommand(start: StartServer = startServer) {
  return defineCommand({
    name: 'stream',
    summary: 'Play content by CID, or a file or URL that is added first, and measure it',
    description:
      'Uses the server at --server, the one that runs on this machine, or one that lives as long as the stream. ' +
      'Ctrl-C closes the stream (exit 130).',
    arguments: [
      { name: 'content', help: 'CID, ipfs://, /ipfs/, /ipns/, gateway URL, file or http(s) URL', required: true },
    ],
    options: { Playing: playOptions, Server: serverOptions, 'Content of a new server': contentOptions },
    examples: [
      { line: 'mcpx stream bafy…', does: 'Play a CID and watch bitrate, loss and buffer' },
      { line: 'mcpx stream clip.mp4 --output copy.webm', does: 'Add a file, play it, record what arrives' },
      { line: 'mcpx stream bafy… --duration 10 --json', does: 'Ten seconds as JSON lines: ready, stats, end' },
    ],
    async run({ args, options, io }) {
      const { createApi, findServer, loadRecorder, openInput } = await import('../lib/client/index.ts')
      if (options.output) await (await loadRecorder()).checkRecordingPath(resolve(io.cwd, options.output))
      // What is not there is said before a server starts for it.
      const input = await openInput(args[0]!, io.cwd, io.signal)
      const found = await findServer({ server: options.server, repoPath: options.persistencePath, signal: io.signal })
      if (!found && isFancy(io) && !options.quiet && !options.json)
        io.err('no server runs here: starting one for this stream\n')
      const server = found ? undefined : await start(ownServer(options), { signal: io.signal })
      try {
        const api = createApi({
          url: found ?? server!.url,
          signal: io.signal,
          ...(options.token ? { token: options.token } : {}),
        })
        const { playOn } = await import('./stream/run.ts')
        const result = await playOn(api, input, options, { io, clock: systemClock, isFancy: isFancy(io) })
        if (result.reason === 'closed') throw cutShort(result.detail)
        return result.reason === 'interrupted' ? exitCodes.interrupted : exitCodes.ok
      } finally {
        await server?.stop()
      }
    },
  })
}

/** What a stream that the server closes before its end has failed of. */
function cutShort(reason: string | undefined): McpxError {
  if (reason === 'server_stopped')
    return new McpxError('SERVER_UNREACHABLE', 'the server stopped before the end of the stream')
  if (reason === 'requested')
    return new McpxError('STREAM_NOT_FOUND', 'the stream was closed at the server before its end')
  return new McpxError('PEER_FAILED', 'the connection was closed before the end of the stream')
}

/** A server for this stream alone: loopback, free ports, no metrics port. */
function ownServer(options: StreamOptions) {
  const content = Object.fromEntries(Object.keys(contentOptions).map((key) => [key, options[key as 'gateway']]))
  return { ...content, host: '127.0.0.1', port: 0, disableWebrtcMetrics: true, logLevel: 'error' as const }
}
