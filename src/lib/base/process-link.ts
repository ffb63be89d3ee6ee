// One child process as the control plane sees it: typed calls, its end as one event with its cause, its output as lines, and a
// stop that always ends.
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { McpxError } from './errors.ts'
import { createRpc, type RpcEvents, type RpcHandlers, type RpcMethods, type RpcPeer, type RpcPort } from './rpc.ts'
import { killGroup, killProcess } from './spawn-process.ts'

/** A longer line is cut. */
const maxLineChars = 500
/** What a process may say in its life; the rest is dropped. */
const maxLines = 100
/** What a process may ask for at once; each answer makes room. */
const maxOpenCalls = 256
/** How long after a process has ended its pipes may still bring what it said before. */
const lastWordsMs = 1000

export interface ProcessEnd {
  /** How it ended, in words: `signal SIGSEGV`, `exit code 1`. */
  readonly how: string
  /** Why it never began. */
  readonly error?: Error
  /** The last lines it wrote. */
  readonly lastLines: readonly string[]
}

export interface ProcessLink<Theirs extends RpcMethods> {
  readonly rpc: RpcPeer<Theirs, Record<string, never>>
  readonly pid: number | undefined
  /** Ends it at once; `onDeath` follows. */
  kill(): void
  /** Asks it to stop and ends it when it has not within `graceMs`. */
  stop(graceMs: number): Promise<void>
}

export interface ProcessLinkOptions<Ours extends RpcMethods, E extends RpcEvents> {
  readonly handlers: RpcHandlers<Ours>
  readonly onEvent: <K extends keyof E & string>(event: K, payload: E[K]) => void
  /** A line of its stdout or stderr. */
  readonly onLine: (line: string) => void
  /** It has ended and was not asked to. What is pending is rejected with the error that this returns. */
  readonly onDeath: (end: ProcessEnd) => McpxError
}

export function linkProcess<
  Ours extends RpcMethods,
  Theirs extends RpcMethods & { stop: [undefined, undefined] },
  E extends RpcEvents,
>(child: ChildProcess, options: ProcessLinkOptions<Ours, E>): ProcessLink<Theirs> {
  let stopping = false
  const lastLines: string[] = []
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killProcess(child.pid)
  }
  const rpc = createRpc<Ours, Theirs, Record<string, never>, E>(portOf(child, kill), options.handlers, options.onEvent)
  let linesLeft = maxLines
  for (const stream of [child.stdout, child.stderr])
    readLines(stream, (line) => {
      lastLines.push(line)
      if (lastLines.length > 5) lastLines.shift()
      if (linesLeft-- > 0) options.onLine(line)
    })
  const ended = endOf(child).then((end) => {
    rpc.close(
      stopping
        ? new McpxError('INTERRUPTED', 'the process was stopped')
        : options.onDeath({ ...end, lastLines: [...lastLines] }),
    )
  })

  async function stop(graceMs: number): Promise<void> {
    stopping = true
    rpc.call('stop', undefined).catch(() => {})
    const timer = setTimeout(kill, graceMs)
    await ended
    clearTimeout(timer)
  }

  return { rpc, pid: child.pid, kill, stop }
}

/** What comes from a process that content may have taken over is not trusted: who breaks the form, or asks without end, is ended. */
function portOf(child: ChildProcess, kill: () => void): RpcPort {
  let openCalls = 0
  const kindOf = (message: unknown) => (message as { t?: unknown } | null)?.t
  return {
    postMessage(message) {
      if (kindOf(message) === 'ok' || kindOf(message) === 'fail') openCalls--
      if (child.connected) child.send(message as object, () => {})
    },
    on: (_event, listener) =>
      child.on('message', (message) => {
        if (kindOf(message) === 'call' && ++openCalls > maxOpenCalls) return kill()
        try {
          listener(message)
        } catch {
          kill()
        }
      }),
  }
}

/** How it ended, once its pipes have said what was in them. Also tells of a process that could not be started. */
function endOf(child: ChildProcess): Promise<Omit<ProcessEnd, 'lastLines'>> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      // Anything else than a start that failed comes to an exit.
      if (child.pid === undefined) resolve({ how: error.message, error })
    })
    child.once('exit', (code, signal) => {
      const how = signal ? `signal ${signal}` : `exit code ${code}`
      // What it has started itself would keep its pipes open.
      if (child.pid !== undefined) killGroup(child.pid)
      const timer = setTimeout(() => resolve({ how }), lastWordsMs)
      child.once('close', () => {
        clearTimeout(timer)
        resolve({ how })
      })
    })
  })
}

function readLines(stream: Readable | null, take: (line: string) => void): void {
  if (!stream) return
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!.slice(0, maxLineChars)
    for (const line of lines) if (line.trim() !== '') take(line.slice(0, maxLineChars))
  })
  stream.on('end', () => {
    if (rest.trim() !== '') take(rest)
  })
  stream.on('error', () => {})
}
