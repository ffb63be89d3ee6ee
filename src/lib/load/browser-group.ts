// The viewers of a load test that are a real browser, as a group: the page of one browser has them all.
import type { Clock } from '../base/clock.ts'
import type { Impairment } from '../impairment/impairment.ts'
import { ImpairedPath } from '../impairment/path.ts'
import { type BrowserSessionRequest, type BrowserViewers, openBrowserViewers } from './browser/open-browser-viewers.ts'
import { PlannedBrowserSession } from './browser/planned-session.ts'
import type { GroupEvents, ViewerGroup } from './group.ts'
import type { LoadOptions } from './load-options.ts'
import { createLoadRuntime, type LoadRuntime } from './load-runtime.ts'
import { measureLag } from './loop-lag.ts'
import { type PlanOptions, sessionsOf } from './plan.ts'
import { openRelay } from './relay.ts'

interface BrowserGroupDeps {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly plan: PlanOptions
}

type Browser = NonNullable<LoadOptions['browser']>

export function browserGroup(
  options: LoadOptions & { readonly browser: Browser },
  viewers: readonly number[],
  events: GroupEvents,
  { clock, signal, plan }: BrowserGroupDeps,
): ViewerGroup {
  const { browser, server, token, quality, impairment } = options
  let opening: Promise<BrowserViewers> | undefined
  let runtime: LoadRuntime | undefined

  function open(): Promise<BrowserViewers> {
    const named = { ...(browser.path !== undefined && { path: browser.path }), ...(token !== undefined && { token }) }
    const openPath = impairment && pathsOf(impairment, clock, plan.seed)
    const paths = openPath ? { openPath } : {}
    opening ??= openBrowserViewers(
      { kind: browser.kind, server, ...named },
      { clock, signal, onNote: events.onNote, ...paths },
    )
    return opening
  }

  const runtimeOf = (opened: BrowserViewers): LoadRuntime =>
    createLoadRuntime({
      clock,
      plans: viewers.map((viewer) => sessionsOf(plan, viewer)),
      createSession: (planned, originMs) =>
        new PlannedBrowserSession(planned, { clock, viewers: opened, originMs, ...(quality && { quality }) }),
      measureLag,
      // The sockets are the browser's own, and this process is counted where it is counted for all.
      socketDrops: () => undefined,
      cpuS: () => 0,
      onStep: events.onStep,
      onSession: events.onSession,
    })

  return {
    kind: browser.kind,
    viewers,
    async prepare() {
      runtime = runtimeOf(await open())
    },
    async run() {
      runtime ??= runtimeOf(await open())
      return runtime.run()
    },
    cut: (by) => runtime?.cut(by),
    async stop() {
      const opened = await opening?.catch(() => undefined)
      await opened?.close()
    },
  }
}

/** Each viewer has a path of its own, with the losses of a headless one with its number, which changes with the run. */
const pathsOf = (impairment: Impairment, clock: Clock, seed: number) => (request: BrowserSessionRequest) => {
  const path = new ImpairedPath({ impairment, clock, seed: seed + request.viewer, startMs: request.beganAtMs })
  const relay = openRelay(path)
  return {
    toViewer: (sdp: string) => relay.toViewer(sdp),
    toServer: (sdp: string) => relay.toServer(sdp),
    async close() {
      await relay.close()
      path.close()
    },
  }
}
