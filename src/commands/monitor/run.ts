// The three ways of `mcpx monitor`: one moment, every message as JSON, the screen.
import { systemClock } from '../../lib/base/clock.ts'
import { McpxError } from '../../lib/base/errors.ts'
import type { Io } from '../../lib/base/io.ts'
import { jsonLine } from '../../lib/base/json-text.ts'
import { createFeed, openScreen } from '../../lib/tui/index.ts'
import type { MonitorOptions } from './options.ts'
import type { WatchSource } from './source.ts'
import { linkLine, onlyConnection, snapshotText } from './view.ts'

export async function printOnce(source: WatchSource, { json, connection }: MonitorOptions, io: Io): Promise<void> {
  const state = await source.snapshot()
  const shown = connection === undefined ? state : onlyConnection(state, connection)
  if (connection !== undefined && shown.connections.length === 0)
    throw new McpxError('STREAM_NOT_FOUND', `${source.name} lists no connection ${JSON.stringify(connection)}`)
  io.out(json ? jsonLine(shown) : snapshotText(shown, source.name))
}

export async function printMessages(source: WatchSource, { connection, quiet }: MonitorOptions, io: Io): Promise<void> {
  await source.follow({
    signal: io.signal,
    onMessage: (message) => io.out(jsonLine(connection === undefined ? message : onlyConnection(message, connection))),
    onLink: (link) => void (quiet || io.err(linkLine(link))),
  })
  io.signal.throwIfAborted()
}

export async function showScreen(source: WatchSource, options: MonitorOptions, io: Io): Promise<void> {
  const { name, controls, pause } = source
  const { connection } = options
  const feed = createFeed({ clock: systemClock, intervalMs: options.interval * 1000 })
  const over = new AbortController()
  const signal = AbortSignal.any([io.signal, over.signal])
  const following = source.follow({ signal, onMessage: feed.tell, onLink: feed.link })
  following.catch(() => over.abort())
  try {
    await openScreen({ feed, name, controls, pause, connection, isColoured: !io.env.NO_COLOR, signal })
  } finally {
    over.abort()
  }
  await following
  io.signal.throwIfAborted()
}
