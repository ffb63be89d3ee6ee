// Real servers for end-to-end tests: in this process from source, or the built command line as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { createServer, type McpxServer, type ServerDeps } from '../../src/lib/app.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import type { ServeOptions } from '../../src/lib/model/serve-options.ts'
import type { StreamRecord } from '../../src/lib/model/stream.ts'
import { playerPath, whepPath } from '../../src/lib/protocol/routes.ts'
import { until } from './e2e.ts'

export const launcher = resolve(import.meta.dirname, '../../bin/mcpx.js')

/** A server in this process with a throw-away repo, on loopback, that asks nobody outside. */
export function startServer(options: Partial<ServeOptions> = {}, deps: ServerDeps = {}): Promise<McpxServer> {
  return createServer(
    { port: 0, isolation: true, offline: true, disableWebrtcMetrics: true, rateLimit: 0, ...options },
    { logger: silentLogger, ...deps },
  )
}

/** Adds files below one name each and says the CID: of the file where there is one, else of their folder. */
export async function addFiles(server: McpxServer, ...paths: string[]): Promise<string> {
  const inputs = paths.map((path) => ({
    path: paths.length > 1 ? `folder/${basename(path)}` : basename(path),
    content: createReadStream(path) as AsyncIterable<Uint8Array>,
  }))
  return (await server.store.add(inputs)).cid
}

export async function addBytes(server: McpxServer, name: string, bytes: Uint8Array): Promise<string> {
  const content = (async function* () {
    yield bytes
  })()
  return (await server.store.add([{ path: name, content }])).cid
}

export const playerUrl = (server: { url: string }, content: string): string => `${server.url}${playerPath(content)}`
export const whepUrl = (server: { url: string }, content: string): string => `${server.url}${whepPath(content)}`

export const openStreams = (server: McpxServer): StreamRecord[] =>
  server.engine.list().filter(({ state }) => state !== 'closed')

/** Resolves once no stream is open. */
export const allClosed = (server: McpxServer): Promise<boolean> =>
  until('every stream is closed', () => openStreams(server).length === 0)

export interface Cli {
  readonly child: ChildProcess
  /** Everything written so far. */
  stdout(): string
  stderr(): string
  /** The JSON lines on stdout so far. */
  lines(): Record<string, unknown>[]
  /** Resolves with the first line of this event; rejects with what was said when the process ends before. */
  event<T = Record<string, unknown>>(name: string, timeoutMs?: number): Promise<T>
  /** Resolves with the exit code. */
  readonly exit: Promise<number | null>
  kill(signal?: NodeJS.Signals): void
}

interface CliOptions {
  readonly home: string
  readonly cwd?: string
  /** Another installation of mcpx than this one. */
  readonly launcher?: string
  /** In place of the PATH. */
  readonly path?: string
}

/** Starts `mcpx` as a user does: the launcher, in a process, with the folder as home and nothing else of the environment. */
export function startCli(args: readonly string[], options: CliOptions): Cli {
  const { LD_LIBRARY_PATH } = process.env
  const PATH = options.path ?? process.env.PATH
  const env = {
    PATH,
    HOME: options.home,
    TMPDIR: options.home,
    // Node's cache of compiled code is shared between runs, in place of one in the folder.
    NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../.cache/compiled'),
    ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}),
  }
  const child = spawn(process.execPath, [options.launcher ?? launcher, ...args], {
    env,
    cwd: options.cwd ?? options.home,
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (bytes) => {
    out += bytes
  })
  child.stderr.on('data', (bytes) => {
    err += bytes
  })
  const exit = once(child, 'close').then(([code]) => code as number | null)
  const lines = () =>
    out
      .slice(0, out.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return {
    child,
    stdout: () => out,
    stderr: () => err,
    lines,
    exit,
    event: <T>(name: string, timeoutMs = 20_000) =>
      until(
        `the line "${name}" of mcpx ${args.join(' ')}`,
        () => {
          const found = lines().find(({ event }) => event === name)
          if (!found && child.exitCode !== null) throw new Error(`mcpx ended with ${child.exitCode}: ${err}`)
          return found as T
        },
        { timeoutMs },
      ) as Promise<T>,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
  }
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions) {
  const cli = startCli(args, options)
  const code = await cli.exit
  return { code, stdout: cli.stdout(), stderr: cli.stderr() }
}

/** The address of a server that is no more. */
export async function deadAddress(): Promise<string> {
  const socket = createTcpServer()
  await new Promise<void>((listening) => socket.listen(0, '127.0.0.1', listening))
  const { port } = socket.address() as { port: number }
  await new Promise((closed) => socket.close(closed))
  return `http://127.0.0.1:${port}`
}

/** mcpx as `npm install --omit=optional` leaves it: everything but node-av. Returns its launcher. */
export async function installWithoutEncoder(folder: string): Promise<string> {
  const root = resolve(import.meta.dirname, '../..')
  for (const part of ['bin', 'dist', 'assets', 'package.json'])
    await cp(join(root, part), join(folder, part), { recursive: true })
  await mkdir(join(folder, 'node_modules'))
  const isLeftOut = (name: string) => name === 'node-av' || name === '@seydx' || name.startsWith('.')
  for (const name of (await readdir(join(root, 'node_modules'))).filter((name) => !isLeftOut(name)))
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  return join(folder, 'bin/mcpx.js')
}

/** A folder of its own, removed at the end. */
export async function scratchFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'mcpx-e2e-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
