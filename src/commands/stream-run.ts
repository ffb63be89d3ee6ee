// The steps of `mcpx stream` once a server is there: add, open, show, watch, sum up.
import { resolve } from 'node:path'
import type { Clock } from '../lib/base/clock.ts'
import { McpxError } from '../lib/base/errors.ts'
import type { Io } from '../lib/base/io.ts'
import { type Api, loadRecorder, openViewer, type Viewer, type WatchResult, watch } from '../lib/client/index.ts'
import type { Input } from '../lib/client/input.ts'
import { isLoopback } from '../lib/model/bind.ts'
import { withToken } from '../lib/protocol/routes.ts'
import type { StreamOptions } from './stream-options.ts'
import { choiceTable, createPanel, endText, statsLine, uploadLine } from './stream-view.ts'

interface Deps {
  readonly io: Io
  readonly clock: Clock
  readonly isFancy: boolean
}

/** Plays `input` from the server behind `api` to the end. Throws what goes wrong, after the stream is closed. */
export async function playOn(api: Api, input: Input, options: StreamOptions, deps: Deps): Promise<WatchResult> {
  const { io } = deps
  const content = await addIfNeeded(api, input, options, deps)
  const viewer = await open(api, content, options, deps)
  try {
    await announce(api.playerAddress(content), content, options, io)
    const show = reporter(options, deps)
    const { duration: durationS } = options
    const output = options.output && resolve(io.cwd, options.output)
    const result = await watch(viewer, { clock: deps.clock, signal: io.signal, durationS, output, onSnapshot: show })
    io.out(options.json ? jsonLine('end', { content, ...flat(result) }) : endText(result))
    return result
  } finally {
    await viewer.close()
  }
}

const jsonLine = (event: string, fields: object) => `${JSON.stringify({ event, ...fields })}\n`
const flat = ({ reason, detail, last, recording }: WatchResult) => ({ reason, detail, ...last, recording })

/** What the server is to play: the content as named, or the CID of the file once it is added. */
async function addIfNeeded(
  api: Api,
  input: Input,
  options: StreamOptions,
  { io, clock, isFancy }: Deps,
): Promise<string> {
  if (input.kind === 'content') return input.content
  let shownAtMs = Number.NEGATIVE_INFINITY
  const { cid } = await api.addFiles(input.files, (bytes) => {
    if (!isFancy || options.quiet || clock.now() - shownAtMs < 100) return
    shownAtMs = clock.now()
    io.err(`\r\u001B[2K${uploadLine(input.name, bytes, input.sizeBytes)}`)
  })
  if (isFancy && !options.quiet) io.err('\r\u001B[2K')
  io.out(options.json ? jsonLine('added', { name: input.name, cid }) : `added ${input.name}: ${cid}\n`)
  return cid
}

async function open(api: Api, content: string, options: StreamOptions, { io, clock }: Deps): Promise<Viewer> {
  const { createPeer } = await import('../lib/client/peer.ts')
  try {
    const request = { content, startS: options.start, ...(options.quality ? { quality: options.quality } : {}) }
    const codecs = options.output ? (await loadRecorder()).recordableCodecs(options.output) : undefined
    return await openViewer(request, { api, clock, createPeer: () => createPeer({ clock, codecs }) })
  } catch (error) {
    if (!(error instanceof McpxError) || error.code !== 'AMBIGUOUS_CONTENT') throw error
    const [first = '', ...paths] = error.message.split('\n').map((line) => line.trim())
    if (paths.length > 0 && !options.json) io.err(choiceTable(paths))
    throw options.json ? error : new McpxError(error.code, first.replace(/:$/, ''), { hint: error.hint })
  }
}

/** The token goes along where a person opens the page, and never into JSON or a file. */
async function announce(player: string, content: string, options: StreamOptions, io: Io): Promise<void> {
  const opened = withToken(player, options.token)
  const shown = io.stdoutIsTty ? opened : player
  io.out(options.json ? jsonLine('ready', { player, content }) : `player ${shown}\n`)
  if (options.qr && io.stdoutIsTty && !options.json) {
    const { renderUnicodeCompact } = await import('uqr')
    io.out(`${renderUnicodeCompact(opened)}\n`)
    if (isLoopback(new URL(player).hostname))
      io.err('this address is for this machine only: other devices need a server with --host\n')
  }
  if (!options.open) return
  const { openUrl } = await import('../lib/base/open-url.ts')
  if (!(await openUrl(opened))) io.err('warning: no browser could be opened\n')
}

/** Where a snapshot goes: a JSON line on stdout, or on stderr a panel (terminal) or a line. */
function reporter(options: StreamOptions, { io, isFancy }: Deps) {
  if (options.json) return (now: object) => io.out(jsonLine('stats', now))
  if (options.quiet) return () => {}
  if (!isFancy) return (now: Parameters<typeof statsLine>[0]) => io.err(`${statsLine(now)}\n`)
  const panel = createPanel(io.columns)
  return (now: Parameters<typeof statsLine>[0]) => io.err(panel(now))
}
