// What `mcpx monitor` watches: a server, or a recorded stretch.
import { resolve } from 'node:path'
import { systemClock } from '../../lib/base/clock.ts'
import { McpxError } from '../../lib/base/errors.ts'
import type { Io } from '../../lib/base/io.ts'
import { parseMoment } from '../../lib/base/units.ts'
import type { WatchLink } from '../../lib/model/link.ts'
import type { LiveMessage, LiveState } from '../../lib/protocol/live.ts'
import type { AppProps } from '../../lib/tui/index.ts'
import type { MonitorOptions } from './options.ts'

interface Follower {
  readonly signal: AbortSignal
  onMessage(message: LiveMessage): void
  onLink(link: WatchLink): void
}

export interface WatchSource extends Pick<AppProps, 'name' | 'controls' | 'pause'> {
  /** One moment: of a server now, of a stretch its end. */
  snapshot(): Promise<LiveState>
  /** Until the signal aborts, or a stretch is over. */
  follow(follower: Follower): Promise<void>
  close(): void
}

type Context = Pick<Io, 'cwd' | 'signal'>

/** Throws SERVER_UNREACHABLE and what else the server says; NOT_FOUND where nothing was recorded. */
export async function openSource(options: MonitorOptions, io: Context): Promise<WatchSource> {
  if (options.replay !== undefined) return openReplay(options, options.replay, io)
  const lone = (['since', 'until'] as const).find((name) => options[name] !== undefined)
  if (lone) throw new McpxError('INVALID_OPTION', `--${lone} says which part of --replay, which is not given`)
  return openServer(options, io)
}

async function openServer(options: MonitorOptions, { signal }: Context): Promise<WatchSource> {
  const { server, token, persistencePath: repoPath, interval } = options
  const { createApi, createControls, fetchLive, findServer, followLive } = await import('../../lib/client/index.ts')
  const url = await findServer({ server, repoPath, signal })
  if (!url) throw new McpxError('SERVER_UNREACHABLE', 'no server runs here')
  const api = createApi({ url, signal, ...(token ? { token } : {}) })
  const settings = { api, hasToken: token !== undefined, clock: systemClock, intervalMs: interval * 1000 }
  // Before a screen opens: a wrong address or token is an error, and nothing to wait for.
  const first = await fetchLive(api, signal)
  return {
    name: url.replace(/\/$/, ''),
    controls: createControls(api),
    snapshot: async () => first,
    follow: (follower) => followLive({ ...settings, ...follower }),
    close() {},
  }
}

async function openReplay(options: MonitorOptions, path: string, { cwd }: Context): Promise<WatchSource> {
  const [{ openHistoryAt }, { createReplay, createTape, firstMoment }] = await Promise.all([
    import('../../lib/app/read-history.ts'),
    import('../../lib/client/index.ts'),
  ])
  const history = openHistoryAt(resolve(cwd, path))
  try {
    const nowMs = systemClock.wallMs()
    const moment = (text: string | undefined, what: string) =>
      text === undefined ? undefined : parseMoment(text, nowMs, what)
    const toMs = moment(options.until, '--until') ?? history.toMs ?? nowMs
    const fromMs = moment(options.since, '--since') ?? history.fromMs ?? (await firstMoment(history.read, toMs))
    if (fromMs >= toMs) throw new McpxError('INVALID_OPTION', '--since is not before --until')
    const { speed, interval } = options
    const stretch = { fromMs, toMs }
    const replay = createReplay({
      ...stretch,
      read: history.read,
      speed,
      intervalMs: interval * 1000,
      clock: systemClock,
    })
    return {
      name: history.name,
      pause: replay.pause,
      snapshot: () => createTape(history.read, stretch).to(toMs),
      follow: replay.follow,
      close: history.close,
    }
  } catch (error) {
    history.close()
    throw error
  }
}
