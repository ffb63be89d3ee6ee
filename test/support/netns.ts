// Two network namespaces of this test's own, joined by a cable (veth): packets cross a kernel that counts them. Linux, as root.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { run } from './e2e.ts'

export type Side = 'a' | 'b'
export const sideAddress: Readonly<Record<Side, string>> = { a: '10.77.0.1', b: '10.77.0.2' }
/** Of the end of the cable, on either side. */
export const device = 'cable'

export interface Namespaces {
  /** As `ip netns` knows them. */
  readonly names: Readonly<Record<Side, string>>
  /** Starts a program there; its end is the caller's. */
  start(side: Side, command: string, args: readonly string[]): ChildProcess
  /** Its output. */
  run(side: Side, command: string, ...args: readonly string[]): Promise<string>
  /** A line of /proc/net/snmp: what this kernel counted of UDP since the namespace began. */
  udp(side: Side): Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

export async function canMakeNamespaces(): Promise<boolean> {
  try {
    await (await makeNamespaces()).close()
    return true
  } catch {
    return false
  }
}

/** Rejects where the system does not let this process. */
export async function makeNamespaces(): Promise<Namespaces> {
  const tag = randomBytes(4).toString('hex')
  const names = { a: `mcpx-${tag}-a`, b: `mcpx-${tag}-b` }
  const ip = (...args: readonly string[]) => run('ip', args)
  const inside = (side: Side, command: string, args: readonly string[]) => [
    'netns',
    'exec',
    names[side],
    command,
    ...args,
  ]
  const close = async () => {
    for (const side of ['a', 'b'] as const) await ip('netns', 'del', names[side]).catch(() => {})
  }
  try {
    for (const side of ['a', 'b'] as const) await ip('netns', 'add', names[side])
    await ip('link', 'add', device, 'netns', names.a, 'type', 'veth', 'peer', 'name', device, 'netns', names.b)
    for (const side of ['a', 'b'] as const) {
      await ip('-n', names[side], 'address', 'add', `${sideAddress[side]}/30`, 'dev', device)
      await ip('-n', names[side], 'link', 'set', 'lo', 'up')
      await ip('-n', names[side], 'link', 'set', device, 'up')
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    names,
    start: (side, command, args) =>
      spawn('ip', inside(side, command, args), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    run: async (side, command, ...args) => (await ip(...inside(side, command, args))).stdout,
    async udp(side) {
      const { stdout } = await ip(...inside(side, 'cat', ['/proc/net/snmp']))
      const [names, values] = stdout.split('\n').filter((line) => line.startsWith('Udp: '))
      const numbers = values!.split(' ').map(Number)
      return Object.fromEntries(
        names!
          .split(' ')
          .map((name, i) => [name, numbers[i]!] as const)
          .slice(1),
      )
    },
    close,
  }
}

/** The next message of a child process; rejects when it ends before. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const fail = () => ended.abort(new Error('the process has ended'))
  child.once('exit', fail)
  try {
    const [message] = await once(child, 'message', { signal: ended.signal })
    return message as T
  } finally {
    child.off('exit', fail)
  }
}
