// The checks of `mcpx check-connectivity` that are made inside the server: what they are given, and that one run goes at a time.
import { join } from 'node:path'
import { McpxError } from '../base/errors.ts'
import type { CheckContext, ServerInside } from '../checks/context.ts'
import type { Content } from '../content/open-store.ts'
import type { Engine } from '../engine/engine.ts'
import type { History } from '../history/history.ts'
import type { RunServerChecks } from '../model/check.ts'
import type { ServeOptions } from '../model/serve-options.ts'
import type { Tools } from './tools.ts'

interface ServerChecksDeps extends Pick<Tools, 'clock'> {
  readonly content: Content
  readonly engine: Engine
  readonly history?: Pick<History, 'read' | 'problems'> | undefined
  /** Known once the server is up. */
  readonly webrtcMetricsUrl: () => string | undefined
}

/** Throws RATE_LIMITED while another run goes on: each measures the machine. */
export function createServerChecks(options: ServeOptions, deps: ServerChecksDeps): RunServerChecks {
  let isRunning = false

  return async ({ names, content, deadlineS }, signal) => {
    if (isRunning)
      throw new McpxError('RATE_LIMITED', 'checks are running already', { hint: 'Try again when they are over.' })
    isRunning = true
    try {
      // Loaded when somebody asks: most servers are never checked.
      const [{ serverChecks }, { runChecks }] = await Promise.all([
        import('../checks/index.ts'),
        import('../checks/run-checks.ts'),
      ])
      const own = contextOf(options, deps)
      return await runChecks({
        checks: serverChecks(names),
        context: content === undefined ? own : { ...own, content },
        where: 'server',
        signal,
        ...(deadlineS !== undefined && { deadlineS }),
      })
    } finally {
      isRunning = false
    }
  }
}

function contextOf(options: ServeOptions, deps: ServerChecksDeps): Omit<CheckContext, 'signal'> {
  const { content, engine, clock } = deps
  const { ipfsApi, offline, gateway, announceAddress } = options
  const { sampleCid, iceServers } = engine.info
  return {
    clock,
    settings: {
      repoPath: content.repo.path,
      gateways: gateway,
      offline,
      iceServers,
      announceAddresses: announceAddress,
      ...(sampleCid !== undefined && { sampleCid }),
      ...(ipfsApi !== undefined && { ipfsApi }),
    },
    inside: insideOf(options, deps),
    ...(sampleCid !== undefined && { content: sampleCid }),
  }
}

function insideOf(
  options: ServeOptions,
  { content, engine, history, webrtcMetricsUrl }: ServerChecksDeps,
): ServerInside {
  const metricsUrl = webrtcMetricsUrl()
  const { host, authToken, historyDays, historySize } = options
  return {
    store: content.store,
    encoder: engine.info.encoder,
    startedAtMs: engine.info.startedAtMs,
    host,
    ...(metricsUrl !== undefined && { webrtcMetricsUrl: metricsUrl }),
    ...(authToken !== undefined && { authToken }),
    ...(history && {
      history: {
        read: history.read,
        problems: history.problems,
        folder: join(content.repo.path, 'history'),
        maxAgeDays: historyDays,
        maxBytes: historySize,
      },
    }),
  }
}
