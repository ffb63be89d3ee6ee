// `mcpx serve --reload`: the server runs in a child, which starts again when the built files or the config file change.
import { extname, join, resolve } from 'node:path'
import type { Io } from '../../lib/base/io.ts'
import { plain } from '../../lib/base/plain-text.ts'
import { supervise, supervisedEnv } from '../../lib/command-line/supervisor.ts'

/** Whether this process is the child, which serves. */
export const isReloaded = (io: Io): boolean => Boolean(io.env[supervisedEnv])

interface Files {
  readonly config?: string | undefined
  /** Read again by the child itself on SIGHUP, which drops nobody. */
  readonly webrtcConfigPath?: string | undefined
}

/** Resolves with the exit code of the child. */
export function serveAndReload(io: Io, { config, webrtcConfigPath }: Files): Promise<number> {
  // Of the built files this is one.
  const built = join(import.meta.dirname, '..', '..')
  const configs = config ? [resolve(io.cwd, config)] : []
  return supervise({
    env: io.env,
    watch: [built, ...configs],
    requires: [join(built, `cli${extname(import.meta.url)}`), ...configs],
    signal: io.signal,
    onHangup: webrtcConfigPath === undefined ? undefined : io.onHangup,
    onRestart: (path) => io.err(plain`${path} changed: restarting\n`),
  })
}
