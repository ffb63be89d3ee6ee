// What `mcpx stream` says as it goes: JSON lines for a program; for a person text, a panel on a terminal.
import type { Clock } from '../../lib/base/clock.ts'
import type { Io } from '../../lib/base/io.ts'
import { jsonLine } from '../../lib/base/json-text.ts'
import { plain } from '../../lib/base/plain-text.ts'
import type { ViewerSnapshot, WatchResult } from '../../lib/client/index.ts'
import type { Input } from '../../lib/client/input.ts'
import { isLoopback } from '../../lib/model/bind.ts'
import type { StreamOptions } from './options.ts'
import { choiceTable, createPanel, endText, statsLine, uploadLine } from './view.ts'

export interface Deps {
  readonly io: Io
  readonly clock: Clock
  readonly isFancy: boolean
}

/** A line is written over at most this often. */
const redrawMs = 100
const eventLine = (event: string, fields: object) => jsonLine({ event, ...fields })

export function createReport(options: StreamOptions, { io, clock, isFancy }: Deps) {
  const isRedrawing = isFancy && !options.quiet
  let drawnAtMs = Number.NEGATIVE_INFINITY

  return {
    uploading({ name, sizeBytes }: Extract<Input, { kind: 'files' }>, sentBytes: number): void {
      if (!isRedrawing || clock.now() - drawnAtMs < redrawMs) return
      drawnAtMs = clock.now()
      io.cursor('eraseLine')
      io.err(uploadLine(name, sentBytes, sizeBytes))
    },

    added(name: string, cid: string): void {
      if (isRedrawing) io.cursor('eraseLine')
      io.out(options.json ? eventLine('added', { name, cid }) : plain`added ${name}: ${cid}\n`)
    },

    /** `opened` is the address with the token, for a person who opens it, and never for JSON or a file. */
    async ready(content: string, player: string, opened: string): Promise<void> {
      if (options.json) return io.out(eventLine('ready', { player, content }))
      io.out(plain`player ${io.stdoutIsTty ? opened : player}\n`)
      if (!options.qr || !io.stdoutIsTty) return
      const { renderUnicodeCompact } = await import('uqr')
      io.out(`${renderUnicodeCompact(opened)}\n`)
      if (isLoopback(new URL(player).hostname))
        io.err('this address is for this machine only: other devices need a server with --host\n')
    },

    /** What there is to choose from, for a person. */
    choices(paths: readonly string[]): void {
      if (paths.length > 0 && !options.json) io.err(choiceTable(paths))
    },

    stats: statsReport(options, { io, isFancy }),

    end(content: string, result: WatchResult): void {
      const { reason, detail, last, recording } = result
      io.out(options.json ? eventLine('end', { content, reason, detail, ...last, recording }) : endText(result))
    },
  }
}

/** Where a snapshot goes: a JSON line on stdout, or on stderr a panel (terminal) or a line. */
function statsReport(options: StreamOptions, { io, isFancy }: Pick<Deps, 'io' | 'isFancy'>) {
  if (options.json) return (now: ViewerSnapshot) => io.out(eventLine('stats', now))
  if (options.quiet) return () => {}
  if (!isFancy) return (now: ViewerSnapshot) => io.err(`${statsLine(now)}\n`)
  const panel = createPanel(io.columns)
  let drawn = 0
  return (now: ViewerSnapshot) => {
    io.cursor({ up: drawn })
    const lines = panel(now)
    drawn = lines.length
    for (const line of lines) {
      io.cursor('eraseLine')
      io.err(`${line}\n`)
    }
  }
}
