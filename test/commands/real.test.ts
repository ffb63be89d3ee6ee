// The commands over the real server: one process's worth of `mcpx serve` and `mcpx stream`, with real media and WebRTC.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli.ts'
import type { Io } from '../../src/lib/base/io.ts'
import { createTestIo, type TestIo } from '../support/test-io.ts'

let folder: string
let server: { io: TestIo; code: Promise<number>; ready: { url: string; player: string; sample: { cid: string } } }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-real-'))
  const common = [
    '--port',
    '0',
    '--offline',
    '--disable-webrtc-metrics',
    '--log-level',
    'error',
    '--media-workers',
    '1',
  ]
  const io = createTestIo(['serve', '--sample', '--json', '--persistence-path', join(folder, 'repo'), ...common])
  const code = main(io)
  const line = await Promise.race([io.waitFor('stdout', /"event":"ready".*\n/), code.then(() => io.stderr())])
  server = { io, code, ready: JSON.parse(line) }
})
afterAll(async () => {
  server?.io.interrupt()
  expect(await server?.code).toBe(0)
  await rm(folder, { recursive: true })
})

const stream = (argv: readonly string[], overrides: Partial<Io> = {}) => {
  const repo = ['--persistence-path', join(folder, 'repo')]
  const io = createTestIo(['stream', ...argv, ...repo], { cwd: folder, ...overrides })
  return { io, code: main(io) }
}

const events = (io: TestIo) =>
  io
    .stdout()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('the running server', () => {
  it('is found by its repo, plays the sample from where it is told, and the recording holds what arrived', async () => {
    const output = join(folder, 'copy.webm')
    const { io, code } = stream([
      server.ready.sample.cid,
      '--json',
      '--start',
      '3',
      '--duration',
      '1.5',
      '--output',
      output,
    ])
    expect(await code, io.stderr()).toBe(0)
    const [ready, ...rest] = events(io)
    expect(ready).toEqual({ event: 'ready', player: server.ready.player, content: server.ready.sample.cid })
    const end = rest.at(-1)!
    expect(end).toMatchObject({ event: 'end', reason: 'duration', freezeCount: 0, framesDropped: 0, packetsLost: 0 })
    expect(end.framesReceived).toBeGreaterThan(25)
    expect(end.mediaTimeS).toBeGreaterThan(3.5)
    expect(end.mediaTimeS).toBeLessThan(6)
    expect(end.recording).toMatchObject({ path: output, dropped: 0 })
    expect((await readFile(output)).includes(Buffer.from('V_VP9'))).toBe(true)
  })

  it('closes the stream with Ctrl-C', async () => {
    const { io, code } = stream([server.ready.sample.cid, '--json'])
    await io.waitFor('stdout', /"event":"stats"/)
    io.interrupt()
    expect(await code).toBe(130)
    const reply = await fetch(`${server.ready.url}/api/v0/webrtc/connections`)
    const { connections } = (await reply.json()) as { connections: { status: string }[] }
    expect(connections.filter(({ status }) => status !== 'closed')).toEqual([])
  })

  it.each([
    ['QmNotACid', 'INVALID_CID', 2],
    ['bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy', 'CONTENT_NOT_FOUND', 1],
  ])('refuses %s with %s', async (content, code, exit) => {
    const { io, code: done } = stream([content])
    expect(await done).toBe(exit)
    expect(io.stderr()).toContain(`error [${code}]`)
    expect(io.stderr()).toContain(content)
  })
})

it('a second server on the repo is refused with a code', async () => {
  const io = createTestIo(['serve', '--port', '0', '--offline', '--persistence-path', join(folder, 'repo')])
  expect(await main(io)).toBe(1)
  expect(io.stderr()).toContain('error [REPO_LOCKED]')
})

it('serve --run-tests gives a verdict through its own doors', async () => {
  const common = [
    '--port',
    '0',
    '--isolation',
    '--offline',
    '--disable-webrtc-metrics',
    '--log-level',
    'error',
    '--media-workers',
    '1',
  ]
  const io = createTestIo(['serve', '--run-tests', ...common])
  expect(await main(io), io.stderr()).toBe(0)
  expect(io.stdout()).toContain('verdict: all 4 passed\n')
})

it('an open bind without a token is refused before anything starts', async () => {
  const io = createTestIo(['serve', '--host', '0.0.0.0', '--port', '0', '--persistence-path', join(folder, 'other')])
  expect(await main(io)).toBe(2)
  expect(io.stderr()).toContain('error [OPEN_BIND_REFUSED]')
})
