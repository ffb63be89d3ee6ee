// A running server as the program that started it sees it, and as another process finds it.
import { join } from 'node:path'

/** Where a server can be reached. All are full URLs that work from this machine. */
interface ServerAddresses {
  /** The home page. */
  readonly url: string
  /** The player of the sample, where it has been added. */
  readonly player?: string
  readonly whep: string
  readonly dashboard: string
  readonly metrics?: { readonly mcp?: string; readonly webrtc?: string }
  readonly sample?: { readonly cid: string }
}

/** A running server, as far as this layer knows its parts. */
export interface Server extends ServerAddresses {
  /** What a person should know although the server runs, for example a port used in place of a taken one. */
  readonly warnings: readonly string[]
  /**
   * Reads the monitor's configuration file (`webrtcConfigPath`) again, and says whether it was taken. A file that is not valid
   * is logged, and the configuration stays as it was. No stream notices.
   */
  reload(): Promise<boolean>
  /** Closes every stream, then everything else in reverse order of start. Idempotent. */
  stop(): Promise<void>
}

/** What a server leaves in its repo for other processes on this machine. */
interface RunningServer {
  readonly pid: number
  readonly url: string
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number
}

export const serverFilePath = (repoPath: string): string => join(repoPath, 'server.json')

export const formatServerFile = (server: RunningServer): string => `${JSON.stringify(server)}\n`

/** The server a file speaks of, or undefined when the file is not in the expected form. */
export function parseServerFile(text: string): RunningServer | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return undefined
  }
  const { pid, url, startedAt } = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>
  if (!isPid(pid) || typeof startedAt !== 'number') return undefined
  if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url)) return undefined
  return { pid, url, startedAt }
}

/** To a signal 0 and less are groups of processes. */
const isPid = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
