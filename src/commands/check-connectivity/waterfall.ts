// `mcpx check-connectivity <cid>`: the waterfall of each, on the server that was found or on one that lives as long as this.
import { systemClock } from '../../lib/base/clock.ts'
import { exitCodes } from '../../lib/base/errors.ts'
import { type Io, isFancy } from '../../lib/base/io.ts'
import { jsonLine } from '../../lib/base/json-text.ts'
import type { CheckContext, ServerTarget } from '../../lib/checks/context.ts'
import { reachServer } from '../../lib/checks/reach-server.ts'
import { runWaterfall, type Waterfall } from '../../lib/checks/waterfall/run-waterfall.ts'
import { type WaterfallReport, waterfallSteps, waterfallVersion } from '../../lib/protocol/waterfall.ts'
import { type StartServer, startServer } from '../shared/start-server.ts'
import type { ConnectivityOptions } from './options.ts'
import { waterfallText } from './waterfall-view.ts'

interface WaterfallInput {
  readonly contents: readonly string[]
  /** Of the server that is named or runs here. */
  readonly url: string | undefined
  readonly settings: CheckContext['settings']
  readonly start?: StartServer
}

/** How long a server may take for its first word. */
const reachMs = 5000

/** Resolves with the exit code: that of the worst. */
export async function runWaterfalls(input: WaterfallInput, options: ConnectivityOptions, io: Io): Promise<number> {
  const { contents, url, settings, start = startServer } = input
  const own = url === undefined ? await start(ownServer(options, settings), { signal: io.signal }) : undefined
  try {
    const address = url ?? own!.url
    const token = own ? undefined : options.token
    const server = await reachServer({ url: address, token, signal: io.signal, timeoutMs: reachMs })
    let worst: number = exitCodes.ok
    for (const content of contents) {
      const report = await one(content, { server, isOwn: own !== undefined, settings }, options, io)
      show(report, options, io)
      worst = Math.max(worst, exitCodeOf(report))
    }
    return worst
  } finally {
    await own?.stop()
  }
}

interface Place {
  readonly server: ServerTarget
  readonly isOwn: boolean
  readonly settings: CheckContext['settings']
}

async function one(
  content: string,
  { server, isOwn, settings }: Place,
  options: ConnectivityOptions,
  io: Io,
): Promise<WaterfallReport> {
  const startedAt = new Date(systemClock.wallMs()).toISOString()
  const beganMs = systemClock.now()
  const progress = createProgress(options, io)
  try {
    const found = await runWaterfall({
      content,
      server,
      settings,
      clock: systemClock,
      signal: io.signal,
      onSteps: (steps) => progress.show(waterfallSteps[steps.at(-1)!.step]),
    })
    return {
      version: waterfallVersion,
      startedAt,
      content,
      server: isOwn ? null : server.url,
      outcome: outcomeOf(found),
      elapsedMs: systemClock.now() - beganMs,
      ...(found.candidatePair !== undefined && { candidatePair: found.candidatePair }),
      steps: [...found.steps],
    }
  } finally {
    progress.clear()
  }
}

const outcomeOf = ({ failed, stopped }: Waterfall): WaterfallReport['outcome'] =>
  failed ? 'failed' : (stopped ?? 'steady')

function show(report: WaterfallReport, { json }: ConnectivityOptions, io: Io): void {
  const locale = io.env.LC_ALL || io.env.LC_CTYPE || io.env.LANG || ''
  const isUnicode = /utf-?8/i.test(locale) && io.env.TERM !== 'dumb'
  // For the next program it is data.
  io.out(json || !io.stdoutIsTty ? jsonLine(report) : waterfallText(report, { columns: io.columns, isUnicode }))
}

const exitCodeOf = ({ outcome }: WaterfallReport): number =>
  ({
    steady: exitCodes.ok,
    failed: exitCodes.error,
    unreachable: exitCodes.cannotConnect,
    refused: exitCodes.notAllowed,
  })[outcome]

/** Loopback, free ports, nothing that stays but the blocks. */
function ownServer({ persistencePath }: ConnectivityOptions, { ipfsApi, gateways, offline }: CheckContext['settings']) {
  return {
    host: '127.0.0.1',
    port: 0,
    disableWebrtcMetrics: true,
    logLevel: 'error' as const,
    gateway: [...gateways],
    offline,
    ...(ipfsApi !== undefined && { ipfsApi }),
    ...(persistencePath !== undefined && { persistencePath }),
  }
}

function createProgress({ quiet, json }: ConnectivityOptions, io: Io) {
  if (quiet || json || !isFancy(io)) return { show() {}, clear() {} }
  return {
    show(step: string) {
      io.cursor('eraseLine')
      io.err(`${step} …`)
    },
    clear: () => io.cursor('eraseLine'),
  }
}
