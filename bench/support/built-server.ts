// `mcpx serve` as people start it: the built files in a process of their own.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const mcpx = join(import.meta.dirname, '../../bin/mcpx.js')

export interface BuiltServer {
  readonly url: string
  readonly pid: number
  /** CID of the sample where `--sample` was given. */
  readonly sampleCid: string | undefined
  /** From the start of the process to its ready line. */
  readonly readyMs: number
  stop(): Promise<void>
}

export async function serveBuilt(options: readonly string[]): Promise<BuiltServer> {
  const startedAt = performance.now()
  const args = [mcpx, 'serve', '--json', '--port', '0', '--offline', '--disable-webrtc-metrics', '--rate-limit', '0']
  const child = spawn(process.execPath, [...args, ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const event = JSON.parse(line) as { event?: string; url: string; sample?: { cid: string } }
    if (event.event !== 'ready') continue
    const readyMs = performance.now() - startedAt
    child.stdout.resume()
    return { url: event.url, pid: child.pid!, sampleCid: event.sample?.cid, readyMs, stop }
  }
  await stop()
  throw new Error('the server ended before it was ready; is dist/ built?')
}

/** Resident memory of a process, on Linux. */
export function rssOf(pid: number): number | undefined {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024
  } catch {
    return undefined
  }
}

/** User and system time so far, in clock ticks of 10 ms, on Linux; elsewhere NaN. */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return Number.NaN
  }
}
