// How a running server is announced, to a person and to a program.
import { jsonLine } from '../../lib/base/json-text.ts'
import { plain } from '../../lib/base/plain-text.ts'
import type { SelfTestStep } from '../../lib/client/self-test.ts'
import type { Server } from '../../lib/model/server.ts'
import { withToken } from '../../lib/protocol/routes.ts'

/** One JSON line. `metrics` is the address of the MCP metrics. */
export function readyLine({ url, player, dashboard, whep, metrics, sample }: Server): string {
  const ready = {
    event: 'ready',
    url,
    player,
    dashboard,
    whep,
    metrics: metrics?.mcp,
    webrtcMetrics: metrics?.webrtc,
    sample,
  }
  return jsonLine(ready)
}

/** For a person. `token` goes into the addresses of the pages, so that they open: only for a terminal, never for a log. */
export function readyText(server: Server, token?: string): string {
  const rows: [string, string | undefined][] = [
    ['home', withToken(server.url, token)],
    ['player', server.player && withToken(server.player, token)],
    ['sample CID', server.sample?.cid],
    ['dashboard', withToken(server.dashboard, token)],
    ['WHEP', `${server.whep.replace(/\/$/, '')}/<cid>`],
    ['metrics', server.metrics?.mcp],
    ['WebRTC metrics', server.metrics?.webrtc],
  ]
  const lines = rows.filter(([, value]) => value).map(([name, value]) => `  ${name.padEnd(14)}  ${value}\n`)
  return `mcpx is serving; Ctrl-C stops it.\n${lines.join('')}`
}

export function stepText({ name, passed, error }: SelfTestStep): string {
  return `  ${passed ? 'pass' : 'FAIL'}  ${name}${error ? plain`: ${error.message} [${error.code}]` : ''}\n`
}

export function verdictText(steps: readonly SelfTestStep[]): string {
  const failed = steps.filter((step) => !step.passed).length
  return failed === 0 ? `verdict: all ${steps.length} passed\n` : `verdict: ${failed} of ${steps.length} failed\n`
}

/** The verdict as one JSON line. */
export function verdictLine(steps: readonly SelfTestStep[]): string {
  const shown = steps.map(({ name, passed, error }) => ({ name, passed, ...(error ? { error: error.code } : {}) }))
  return jsonLine({ event: 'tests', passed: steps.every((step) => step.passed), steps: shown })
}
