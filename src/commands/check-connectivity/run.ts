// The steps of `mcpx check-connectivity`: what is asked for, one round or one after the other, and the exit code.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { delay, systemClock } from '../../lib/base/clock.ts'
import { exitCodes } from '../../lib/base/errors.ts'
import { type Io, isFancy } from '../../lib/base/io.ts'
import { jsonLine } from '../../lib/base/json-text.ts'
import type { CheckContext } from '../../lib/checks/context.ts'
import { allChecks } from '../../lib/checks/index.ts'
import { findServer } from '../../lib/client/find-server.ts'
import type { ChecksReport } from '../../lib/protocol/checks.ts'
import { parseIceServer } from '../../lib/protocol/ice-server.ts'
import { checkOnce, type RoundOptions } from './one-round.ts'
import type { ConnectivityOptions } from './options.ts'
import { selectionOf } from './selection.ts'
import { changesText, listText, progressLine, reportText } from './view.ts'

export function listChecks({ json }: ConnectivityOptions, io: Io): number {
  const shown = allChecks.map(({ name, group, title, about, where, onlyAsked }) => ({
    name,
    group,
    title,
    about,
    where,
    runs: group === 'security' ? '--security' : onlyAsked ? '--all' : 'always',
  }))
  io.out(json ? jsonLine(shown) : listText(shown, io.columns))
  return exitCodes.ok
}

/** Resolves with the exit code. Throws INVALID_OPTION, INTERRUPTED. */
export async function checkConnectivity(
  what: readonly string[],
  options: ConnectivityOptions,
  io: Io,
): Promise<number> {
  const { checks, contents } = selectionOf(what, options)
  const settings = settingsOf(options)
  // A CID beside names of checks is what these look at.
  const isWaterfall = contents.length > 0 && contents.length === what.length && !options.all && !options.security
  if (isWaterfall) return followContents(contents, settings, options, io)
  const progress = createProgress(options, io, checks.length)
  const round = async (): Promise<ChecksReport> => {
    const url = await findServer({ server: options.server, repoPath: options.persistencePath, signal: io.signal })
    try {
      return await checkOnce({
        checks,
        url,
        token: options.token,
        content: contents[0],
        settings,
        deadlineS: options.deadline,
        clock: systemClock,
        signal: io.signal,
        onProgress: progress.show,
      })
    } finally {
      progress.clear()
    }
  }
  return options.watch ? watchRounds(round, options, io) : printReport(await round(), options, io)
}

/** Each CID to a steady picture; with --watch again and again. */
async function followContents(
  contents: readonly string[],
  settings: CheckContext['settings'],
  options: ConnectivityOptions,
  io: Io,
): Promise<number> {
  const { runWaterfalls } = await import('./waterfall.ts')
  const url = await findServer({ server: options.server, repoPath: options.persistencePath, signal: io.signal })
  const follow = () => runWaterfalls({ contents, url, settings }, options, io)
  if (!options.watch) return follow()
  while (true) {
    await follow()
    await delay(systemClock, options.interval * 1000, io.signal)
  }
}

function printReport(report: ChecksReport, { json }: ConnectivityOptions, io: Io): number {
  io.out(json ? jsonLine(report) : reportText(report, viewOf(io)))
  return exitCodeOf(report)
}

const viewOf = (io: Io) => ({
  columns: io.stdoutIsTty ? io.columns : 80,
  isTerminal: io.stdoutIsTty,
})

/** Until it is interrupted: the whole table once, then what is otherwise than before; of JSON every round. */
async function watchRounds(round: () => Promise<ChecksReport>, options: ConnectivityOptions, io: Io): Promise<number> {
  let before = await round()
  printReport(before, options, io)
  while (true) {
    await delay(systemClock, options.interval * 1000, io.signal)
    const now = await round()
    if (options.json) printReport(now, options, io)
    else io.out(changesText(before, now))
    before = now
  }
}

function exitCodeOf({ outcome }: ChecksReport): number {
  return {
    passed: exitCodes.ok,
    failed: exitCodes.error,
    unreachable: exitCodes.cannotConnect,
    refused: exitCodes.notAllowed,
  }[outcome]
}

function settingsOf(options: ConnectivityOptions): CheckContext['settings'] {
  const { persistencePath, ipfsApi, gateway, offline, iceServer, announceAddress } = options
  return {
    repoPath: resolve(persistencePath ?? join(homedir(), '.mcpx')),
    gateways: gateway,
    offline,
    iceServers: iceServer.map(parseIceServer),
    announceAddresses: announceAddress,
    ...(ipfsApi !== undefined && { ipfsApi }),
  }
}

/** One line that is written over, on a terminal. */
function createProgress(
  { quiet, json }: ConnectivityOptions,
  io: Io,
  total: number,
): { show: RoundOptions['onProgress']; clear(): void } {
  if (quiet || json || !isFancy(io)) return { show() {}, clear() {} }
  return {
    show(running, done) {
      io.cursor('eraseLine')
      io.err(progressLine(running, done, total).slice(0, Math.max(1, io.columns - 1)))
    },
    clear: () => io.cursor('eraseLine'),
  }
}
