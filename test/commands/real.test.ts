// The commands over the real server: one process's worth of `mcpx serve` and `mcpx stream`, with real media and WebRTC.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli.ts'
import type { Io } from '../../src/lib/base/io.ts'
import { clip, hasFfmpeg } from '../support/clips.ts'
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

  it.runIf(hasFfmpeg)('records H.264 to .webm, for the server sends what the file can hold', async () => {
    const output = join(folder, 'other.webm')
    const { io, code } = stream([await clip('h264.mp4'), '--json', '--duration', '1.5', '--output', output])
    expect(await code, io.stderr()).toBe(0)
    expect(events(io)[0]).toMatchObject({ event: 'added', name: 'h264.mp4' })
    const bytes = await readFile(output)
    expect(bytes.toString('latin1')).toMatch(/V_VP[89]|V_AV1/)
    expect(bytes.toString('latin1')).toContain('A_OPUS')
  })

  it.runIf(hasFfmpeg)('adds a folder, lists its clips to choose from, and plays the one that is chosen', async () => {
    await mkdir(join(folder, 'season/extra'), { recursive: true })
    await copyFile(await clip('vp8.webm'), join(folder, 'season/one.webm'))
    await copyFile(await clip('vp8.webm'), join(folder, 'season/extra/two.webm'))
    const { io, code } = stream(['season', '--duration', '0.5'])
    expect(await code).toBe(2)
    const [, cid] = /^added season: (\w+)$/m.exec(io.stdout()) ?? []
    expect(io.stderr()).toContain(`${cid}/one.webm`)
    expect(io.stderr()).toContain(`error [AMBIGUOUS_CONTENT]`)
    const chosen = stream([`${cid}/extra/two.webm`, '--duration', '0.5', '--json'])
    expect(await chosen.code, chosen.io.stderr()).toBe(0)
    expect(events(chosen.io).at(-1)).toMatchObject({ reason: 'duration' })
  })

  it('says of a text that it is no media', async () => {
    await writeFile(join(folder, 'hello.txt'), 'hello\n')
    const { io, code } = stream(['hello.txt'])
    expect(await code).toBe(1)
    expect(io.stderr()).toContain('error [NOT_MEDIA]')
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

  it('says that somebody else closed the stream, which is no success', async () => {
    const { io, code } = stream([server.ready.sample.cid, '--json'])
    await io.waitFor('stdout', /"framesReceived":[1-9]/)
    await fetch(`${server.ready.url}/api/v0/webrtc/close_all`, { method: 'POST' })
    expect(await code).toBe(1)
    expect(events(io).at(-1)).toMatchObject({ event: 'end', reason: 'closed', detail: 'requested' })
    expect(io.stderr()).toContain('"code":"STREAM_NOT_FOUND"')
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
