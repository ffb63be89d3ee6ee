// The steps of `mcpx stream` once a server is there: add, open, show, watch, sum up.
import { resolve } from 'node:path'
import { McpxError } from '../../lib/base/errors.ts'
import {
  type Api,
  loadRecorder,
  openViewer,
  type Viewer,
  type WatchResult,
  watch,
  whepDoor,
} from '../../lib/client/index.ts'
import type { Input } from '../../lib/client/input.ts'
import { withToken } from '../../lib/protocol/routes.ts'
import { openPage } from '../shared/open-page.ts'
import type { StreamOptions } from './options.ts'
import { createReport, type Deps } from './report.ts'

type Report = ReturnType<typeof createReport>

/** Plays `input` from the server behind `api` to the end. Throws what goes wrong, after the stream is closed. */
export async function playOn(api: Api, input: Input, options: StreamOptions, deps: Deps): Promise<WatchResult> {
  const { io, clock } = deps
  const report = createReport(options, deps)
  const content = await addIfNeeded(api, input, report)
  const viewer = await open(api, content, options, deps, report)
  try {
    const player = api.playerAddress(content)
    const opened = withToken(player, options.token)
    await report.ready(content, player, opened)
    if (options.open) await openPage(opened, io)
    const { duration: durationS } = options
    const output = options.output && resolve(io.cwd, options.output)
    const result = await watch(viewer, { clock, signal: io.signal, durationS, output, onSnapshot: report.stats })
    report.end(content, result)
    return result
  } finally {
    await viewer.close()
  }
}

/** What the server is to play: the content as named, or the CID of the file once it is added. */
async function addIfNeeded(api: Api, input: Input, report: Report): Promise<string> {
  if (input.kind === 'content') return input.content
  const { cid } = await api.addFiles(input.files, (bytes) => report.uploading(input, bytes))
  report.added(input.name, cid)
  return cid
}

async function open(
  api: Api,
  content: string,
  options: StreamOptions,
  { clock }: Deps,
  report: Report,
): Promise<Viewer> {
  const { createPeer } = await import('../../lib/client/peer.ts')
  try {
    const request = { content, startS: options.start, ...(options.quality ? { quality: options.quality } : {}) }
    const codecs = options.output ? (await loadRecorder()).recordableCodecs(options.output) : undefined
    return await openViewer(request, {
      door: whepDoor(api, clock),
      clock,
      createPeer: () => createPeer({ clock, codecs }),
      isRecorded: options.output !== undefined,
    })
  } catch (error) {
    if (!(error instanceof McpxError) || error.code !== 'AMBIGUOUS_CONTENT') throw error
    const [first = '', ...paths] = error.message.split('\n').map((line) => line.trim())
    report.choices(paths)
    throw options.json ? error : new McpxError(error.code, first.replace(/:$/, ''), { hint: error.hint })
  }
}
