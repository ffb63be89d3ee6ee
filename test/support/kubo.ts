// A real Kubo daemon on loopback, on its own, for tests: found, started, stopped.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface KuboDaemon {
  /** Address of the RPC, as for --ipfs-api. */
  readonly api: string
  /** Address of its gateway. */
  readonly gateway: string
  readonly pid: number
  /** Runs a command of the binary on the same repo and returns its standard output. */
  ipfs(...args: string[]): Promise<string>
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>
  /** Starts it again on the same ports and repo. */
  restart(): Promise<void>
  /** Ends the process and removes its repo. */
  stop(): Promise<void>
}

/** KUBO_BINARY, `ipfs` on the PATH, or what test/support/kubo/build.sh has built. */
export function findKubo(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'ipfs'))
  const built = resolve(import.meta.dirname, '../../.cache/kubo/ipfs')
  return [process.env.KUBO_BINARY, ...onPath, built].find((file) => file && isExecutable(file))
}

/** The binary; says aloud why tests are skipped without it, and fails where every part is required. */
export function kuboOrSkip(): string | undefined {
  const binary = findKubo()
  if (binary) return binary
  const reason = 'no Kubo: run test/support/kubo/build.sh, put ipfs on the PATH or set KUBO_BINARY'
  if (process.env.MCPX_REQUIRE_PARTS === '1') throw new Error(reason)
  console.warn(`skipped: ${reason}`)
  return undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return existsSync(file)
  } catch {
    return false
  }
}

/** Starts a node that knows nobody and listens on loopback only. */
export async function startKubo(binary: string): Promise<KuboDaemon> {
  const repo = await mkdtemp(join(tmpdir(), 'kubo-'))
  const env = { PATH: process.env.PATH, HOME: repo, IPFS_PATH: repo, IPFS_TELEMETRY: 'off' }
  const ipfs = async (...args: string[]) => (await run(binary, args, { env, maxBuffer: 64 * 2 ** 20 })).stdout
  await ipfs('init', '--profile=test')
  await configure(ipfs)
  let daemon = await startDaemon(binary, env)
  // The ports that it found, for a restart.
  await ipfs('config', 'Addresses.API', toMultiaddr(daemon.api))
  await ipfs('config', 'Addresses.Gateway', toMultiaddr(daemon.gateway))

  const kill = () => end(daemon.process, 'SIGKILL')
  return {
    api: daemon.api,
    gateway: daemon.gateway,
    get pid() {
      return daemon.process.pid!
    },
    ipfs,
    kill,
    async restart() {
      await rm(join(repo, 'repo.lock'), { force: true })
      await rm(join(repo, 'api'), { force: true })
      daemon = await startDaemon(binary, env)
    },
    async stop() {
      await end(daemon.process, 'SIGTERM')
      await rm(repo, { recursive: true, force: true })
    },
  }
}

async function configure(ipfs: KuboDaemon['ipfs']): Promise<void> {
  const settings: [string, unknown][] = [
    ['Addresses.API', '/ip4/127.0.0.1/tcp/0'],
    ['Addresses.Gateway', '/ip4/127.0.0.1/tcp/0'],
    ['Addresses.Swarm', []],
    ['Bootstrap', []],
    ['Discovery.MDNS.Enabled', false],
    ['Routing.Type', 'none'],
    ['AutoConf.Enabled', false],
    ['AutoTLS.Enabled', false],
    ['Swarm.RelayClient.Enabled', false],
    ['Swarm.DisableNatPortMap', true],
    ['DNS.Resolvers', {}],
    ['Routing.DelegatedRouters', []],
    ['Ipns.DelegatedPublishers', []],
    ['Gateway.NoFetch', true],
  ]
  for (const [key, value] of settings) await ipfs('config', '--json', key, JSON.stringify(value))
}

interface Running {
  readonly process: ChildProcess
  readonly api: string
  readonly gateway: string
}

async function startDaemon(binary: string, env: NodeJS.ProcessEnv): Promise<Running> {
  const child = spawn(binary, ['daemon', '--offline', '--migrate=false'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const addresses = new Promise<{ api: string; gateway: string }>((found, failed) => {
    const listen = (chunk: Buffer) => {
      said += chunk
      const api = /RPC API server listening on (\S+)/.exec(said)?.[1]
      const gateway = /Gateway server listening on (\S+)/.exec(said)?.[1]
      if (api && gateway && said.includes('Daemon is ready')) found({ api: toUrl(api), gateway: toUrl(gateway) })
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('exit', (code) => failed(new Error(`Kubo ended with ${code}:\n${said}`)))
    child.once('error', failed)
  })
  return { process: child, ...(await addresses) }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

function toUrl(multiaddr: string): string {
  const [, , host, , port] = multiaddr.split('/')
  return `http://${host}:${port}`
}

function toMultiaddr(url: string): string {
  const { hostname, port } = new URL(url)
  return `/ip4/${hostname}/tcp/${port}`
}
