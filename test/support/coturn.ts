// A real TURN server (coturn) on loopback, with an account `viewer:secret`.
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/base/clock.ts'
import { probeStun } from '../../src/lib/checks/webrtc/probe-stun.ts'
import { until } from './e2e.ts'
import { hasProgram } from './webrtc-clips.ts'

export const hasCoturn = (): Promise<boolean> => hasProgram('turnserver', '--version')

export interface Coturn {
  readonly port: number
  readonly tlsPort: number
  stop(): Promise<void>
}

interface CoturnOptions {
  readonly address?: string
  /** Further options of turnserver. */
  readonly more?: readonly string[]
  /** PEM files, for turns: as well. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** What the program is started by, as `ip netns exec NAME`. */
  readonly by?: readonly string[]
  /** A port that is free where it runs; looked for here otherwise. */
  readonly port?: number
}

export const coturnAccount = { username: 'viewer', credential: 'secret' }

export async function startCoturn(options: CoturnOptions = {}): Promise<Coturn> {
  const { address = '127.0.0.1', more = ['--allow-loopback-peers'], tls, by = [] } = options
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-turn-'))
  const port = options.port ?? (await freePort(address))
  const tlsPort = tls ? await freePort(address) : 0
  const listen = ['--listening-ip', address, '--relay-ip', address, '--listening-port', `${port}`]
  const account = more.includes('--no-auth') ? [] : ['--lt-cred-mech', '--user', 'viewer:secret', '--realm', 'mcpx']
  const quiet = ['-n', '--no-cli', '--log-file', 'stdout', '--pidfile', join(folder, 'pid'), '--no-dtls']
  const secure = tls ? ['--tls-listening-port', `${tlsPort}`, '--cert', tls.cert, '--pkey', tls.key] : ['--no-tls']
  const args = [...quiet, ...listen, ...account, ...secure, '--userdb', join(folder, 'turndb'), ...more]
  const [program, ...before] = [...by, 'turnserver']
  const server = spawn(program!, [...before, ...args], { cwd: folder })
  let said = ''
  const hear = (text: Buffer) => {
    said += text
  }
  server.stdout.on('data', hear)
  server.stderr.on('data', hear)
  const stop = () => stopServer(server, folder)
  try {
    await until(`turnserver listens at ${address}:${port}`, () => {
      if (server.exitCode !== null) throw new Error(`turnserver ended with ${server.exitCode}: ${said.slice(-2000)}`)
      return /DB connection success/.test(said)
    })
    // Elsewhere nobody here can ask it.
    if (by.length === 0)
      await until('turnserver answers', async () => {
        const asked = { clock: systemClock, signal: AbortSignal.timeout(5000), timeoutMs: 1000 }
        return (await probeStun({ urls: `stun:${address}:${port}` }, asked)).status === 'pass'
      })
    return { port, tlsPort, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function stopServer(server: ChildProcess, folder: string): Promise<void> {
  server.kill()
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  await rm(folder, { recursive: true, force: true })
}

async function freePort(address: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}
