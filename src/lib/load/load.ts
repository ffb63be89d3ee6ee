// A load test: many headless viewers against one server, in threads of this process or in processes of their own.
import { availableParallelism } from 'node:os'
import { McpxError } from '../base/errors.ts'
import { processCpuS } from '../base/host.ts'
import { createApi } from '../client/api.ts'
import { silenceOf, watchServer } from '../client/server-watch.ts'
import { routes } from '../protocol/routes.ts'
import { browserGroup } from './browser-group.ts'
import { coordinate, type LoadParts } from './coordinate.ts'
import type { LoadDeps, LoadOptions, LoadRun } from './load-options.ts'
import type { LoadWorkerSettings } from './load-plane.ts'
import { localAddressesFor } from './local-addresses.ts'
import { checkOpenFiles } from './open-files.ts'
import { processGroup, threadGroup } from './worker-groups.ts'

/**
 * Runs the test and resolves with what was measured, also where it was interrupted or the server went away. Throws before anything
 * begins: SERVER_UNREACHABLE, UNAUTHORIZED, TOO_MANY_FILES.
 */
export async function runLoad(options: LoadOptions, deps: LoadDeps): Promise<LoadRun> {
  const { server, token, viewers, processes } = options
  const headless = viewers - (options.browser?.viewers ?? 0)
  checkOpenFiles(headless, processes)
  const api = createApi({ url: server, ...(token ? { token } : {}) })
  await checkServer(api, deps.signal)
  const addresses = await localAddressesFor(server)
  const workers = Math.min(processes || availableParallelism(), headless)
  const settings: Omit<LoadWorkerSettings, 'share'> = {
    plan: planOf(options),
    server,
    addresses,
    ...(token && { token }),
    ...(options.quality && { quality: options.quality }),
    ...(options.impairment && { impairment: options.impairment }),
  }
  const createGroup = processes > 0 ? processGroup : threadGroup
  const parts: LoadParts = {
    createGroups(events) {
      const groups = Array.from({ length: workers }, (_, first) =>
        createGroup({ ...settings, share: { first, step: workers, below: headless } }, events(first)),
      )
      const { browser } = options
      if (!browser) return groups
      // The last numbers of the plan.
      const inBrowser = Array.from({ length: browser.viewers }, (_, at) => headless + at)
      const { clock, signal } = deps
      const plan = planOf(options)
      return [...groups, browserGroup({ ...options, browser }, inBrowser, events(workers), { clock, signal, plan })]
    },
    serverGone: () => silenceOf(api),
    watchServer: (heard, onGone) => watchServer({ api, clock: deps.clock, heard, onGone }),
    cpuS: processCpuS,
  }
  return coordinate(options, deps, parts)
}

/** Nobody there, or a token that does not hold: known before a hundred viewers find out. */
async function checkServer(api: ReturnType<typeof createApi>, signal: AbortSignal): Promise<void> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
    const response = await api.request(routes.mcpPrefixes[0], { signal: limit })
    await response.body?.cancel()
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof McpxError))
      throw new McpxError('SERVER_UNREACHABLE', `${api.address('/')} does not answer`, { cause: error })
    // What else it says, it says to every viewer too, and there it counts.
    if (error.code === 'SERVER_UNREACHABLE' || error.code === 'UNAUTHORIZED') throw error
  }
}

const planOf = ({ scenario, viewers, rampS, durationS, seed, contents }: LoadOptions): LoadWorkerSettings['plan'] => ({
  scenario,
  viewers,
  rampS,
  durationS,
  seed,
  contents,
})
