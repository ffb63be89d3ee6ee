// The steps of `mcpx test-client`: a server, something to watch, the load, the result.
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../lib/base/clock.ts'
import { McpxError } from '../../lib/base/errors.ts'
import { type Io, isFancy } from '../../lib/base/io.ts'
import { textUpTo } from '../../lib/base/response-text.ts'
import { parseJson } from '../../lib/checks/parse-json.ts'
import { type Api, createApi, findServer, openInput } from '../../lib/client/index.ts'
import { findBrowser, type LoadOptions, runLoad } from '../../lib/load/index.ts'
import { routes } from '../../lib/protocol/routes.ts'
import { infoReply } from '../../lib/protocol/schemas.ts'
import { rampOf, type TestClientOptions } from './options.ts'
import { openOutputs } from './outputs.ts'
import { type OwnServer, startOwnServer } from './own-server.ts'

/** How long a server may take to say what it is, and how much it may say. */
const answerMs = 10_000
const maxInfoBytes = 2 ** 20

const sampleFolder = join(fileURLToPath(new URL('../../../', import.meta.url)), 'assets/sample')

type Deps = { readonly io: Io; readonly start?: typeof startOwnServer }

/** Resolves with the exit code. Throws what keeps the test from beginning. */
export async function runTestClient(options: TestClientOptions, { io, start = startOwnServer }: Deps): Promise<number> {
  // What is wrong with what was asked for is said before anything starts.
  const load = await loadOf(options, io.cwd)
  const outputs = await openOutputs(options, { io, totalS: options.duration })
  const { server: named, persistencePath: repoPath, token } = options
  const found = await findServer({ server: named, repoPath, signal: io.signal })
  if (!found && isFancy(io) && !options.quiet && !options.json)
    io.err('no server runs here: starting one for this test\n')
  const own = found ? undefined : await start({ isOffline: options.cid.length === 0, signal: io.signal })
  try {
    const server = found ?? own!.url
    const access = own || !token ? {} : { token }
    const api = createApi({ url: server, signal: io.signal, ...access })
    const contents = options.cid.length > 0 ? options.cid : [await sampleOf(api, own, io.signal)]
    const { onMoment } = outputs
    const onNote = (text: string) => options.quiet || io.err(`${text}\n`)
    const run = await runLoad(
      { ...load, server, contents, ...access },
      { clock: systemClock, signal: io.signal, onMoment, onNote },
    )
    return await outputs.finish(run)
  } finally {
    await own?.stop()
  }
}

async function loadOf(options: TestClientOptions, cwd: string): Promise<Omit<LoadOptions, 'server' | 'contents'>> {
  const { viewers, duration, scenario, seed, quality, processes, browser, browserViewers, browserPath } = options
  if ((browserViewers !== undefined || browserPath !== undefined) && !browser)
    throw new McpxError(
      'INVALID_OPTION',
      `--browser-${browserPath === undefined ? 'viewers' : 'path'} does not say which viewers are a browser: add --browser`,
    )
  if ((browserViewers ?? 1) > viewers)
    throw new McpxError('INVALID_OPTION', `--browser-viewers: ${browserViewers} of ${viewers} viewers`)
  return {
    viewers,
    rampS: rampOf(options),
    durationS: duration,
    scenario,
    seed,
    processes,
    ...(quality && { quality }),
    ...(await impairmentOf(options, cwd)),
    ...(browser && {
      browser: { kind: browser, viewers: browserViewers ?? 1, path: findBrowser(browser, browserPath) },
    }),
  }
}

async function impairmentOf(
  { impair, impairAt }: TestClientOptions,
  cwd: string,
): Promise<Pick<LoadOptions, 'impairment'>> {
  if (impair === undefined && impairAt.length === 0) return {}
  const [{ parseImpairment }, { readTraceFile }] = await Promise.all([
    import('../../lib/impairment/spec.ts'),
    import('../../lib/impairment/trace-file.ts'),
  ])
  const readTrace = (file: string) => readTraceFile(resolve(cwd, file))
  return { impairment: parseImpairment({ at: impairAt, readTrace, ...(impair !== undefined && { base: impair }) }) }
}

/** The sample that the server has, or that it is given now. */
async function sampleOf(api: Api, own: OwnServer | undefined, signal: AbortSignal): Promise<string> {
  if (own) return own.sampleCid
  const { sample_cid: known } = await infoOf(api, signal)
  if (known !== undefined) return known
  const sample = await openInput(sampleFolder, '/')
  if (sample.kind !== 'files') throw new McpxError('INTERNAL', 'the sample is not where it was installed')
  return (await api.addFiles(sample.files)).cid
}

/** Throws SERVER_UNREACHABLE where nothing comes in time, or something else than an mcpx server answers; or what the server says. */
async function infoOf(api: Api, signal: AbortSignal): Promise<{ readonly sample_cid?: string | undefined }> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
  let text: string
  try {
    text = await textUpTo(await api.request(routes.mcpPrefixes[0], { signal: limit }), maxInfoBytes)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof McpxError) throw error
    const why = limit.aborted ? `does not answer within ${answerMs / 1000} s` : 'breaks off its answer'
    throw new McpxError('SERVER_UNREACHABLE', `${api.address('/')} ${why}`, { cause: error })
  }
  const { success, data } = infoReply.safeParse(parseJson(text))
  if (success) return data
  throw new McpxError('SERVER_UNREACHABLE', `${api.address('/')} does not answer as an mcpx server does`)
}
