// The steps of `mcpx test-client`: a server, something to watch, the load, the result.
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../lib/base/clock.ts'
import { McpxError } from '../../lib/base/errors.ts'
import { type Io, isFancy } from '../../lib/base/io.ts'
import { type Api, createApi, findServer, openInput } from '../../lib/client/index.ts'
import { findBrowser, type LoadOptions, runLoad } from '../../lib/load/index.ts'
import { routes } from '../../lib/protocol/routes.ts'
import { rampOf, type TestClientOptions } from './options.ts'
import { openOutputs } from './outputs.ts'
import { type OwnServer, startOwnServer } from './own-server.ts'

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
    const contents = options.cid.length > 0 ? options.cid : [await sampleOf(api, own)]
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
async function sampleOf(api: Api, own: OwnServer | undefined): Promise<string> {
  if (own) return own.sampleCid
  const reply = (await (await api.request(routes.mcpPrefixes[0])).json()) as { readonly sample_cid?: unknown }
  if (typeof reply.sample_cid === 'string') return reply.sample_cid
  const sample = await openInput(sampleFolder, '/')
  if (sample.kind !== 'files') throw new McpxError('INTERNAL', 'the sample is not where it was installed')
  return (await api.addFiles(sample.files)).cid
}
