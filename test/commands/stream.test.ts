// `mcpx stream` against a real WHEP server over real WebRTC on loopback.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli.ts'
import { createStreamCommand } from '../../src/commands/stream.ts'
import type { Io } from '../../src/lib/base/io.ts'
import type { ServeOptions } from '../../src/lib/model/serve-options.ts'
import { createTestIo } from '../support/test-io.ts'
import { startWhepServer } from '../support/whep-server.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-stream-'))
})
afterAll(() => rm(folder, { recursive: true }))

let stop: (() => Promise<void>) | undefined
afterEach(async () => {
  await stop?.()
  stop = undefined
})

async function server(options: Parameters<typeof startWhepServer>[0]) {
  const started = await startWhepServer(options)
  stop = started.stop
  return started
}

const run = async (argv: readonly string[], overrides: Partial<Io> = {}) => {
  const io = createTestIo(['stream', ...argv], { cwd: folder, ...overrides })
  return { io, code: main(io) }
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('a stream to its end', () => {
  it('is ready, stats and end as JSON lines, every frame counted, and closed at the server', async () => {
    const { url, asked, openPeers } = await server({ frames: 45 })
    const { io, code } = await run(['bafy/a b.webm', '--server', url, '--json', '--start', '1:00', '--quality', '10'])
    expect(await code, io.stderr()).toBe(0)
    const events = lines(io.stdout())
    expect(events[0]).toEqual({ event: 'ready', player: `${url}player/bafy/a%20b.webm`, content: 'bafy/a b.webm' })
    expect(events.some(({ event }) => event === 'stats')).toBe(true)
    expect(events.at(-1)).toMatchObject({
      event: 'end',
      reason: 'ended',
      framesReceived: 45,
      framesDropped: 0,
      packetsReceived: 45,
      packetsLost: 0,
      durationS: 1.5,
      connectionState: 'connected',
    })
    expect(events.at(-1)!.mediaTimeS).toBeCloseTo(44 / 30, 3)
    expect(events.at(-1)!.firstFrameMs).toBeGreaterThan(0)
    expect(asked.find(({ method }) => method === 'POST')?.url).toBe('/whep/bafy/a%20b.webm?start=60&quality=very_low')
    expect(asked.at(-1)?.method).toBe('DELETE')
    expect(openPeers()).toBe(0)
  })

  it('is plain lines for a person without a terminal, and records what arrived', async () => {
    const { url } = await server({ frames: 40 })
    const path = join(folder, 'copy.webm')
    const { io, code } = await run(['bafy', '--server', url, '--output', path])
    expect(await code, io.stderr()).toBe(0)
    expect(io.stdout()).toContain(`player ${url}player/bafy\n`)
    expect(io.stdout()).toMatch(/the end: first frame after \d+ ms, 40 frames/)
    expect(io.stdout()).toMatch(/recorded 40 frames to .*copy\.webm\n/)
    expect(io.stderr()).toMatch(/^0:0\d \/ 0:01 {2}[\d.]+ [kM]bps {2}loss 0\.0 % {2}buffer/m)
    expect(io.stderr()).not.toContain('\u001B')
    expect((await readFile(path)).subarray(0, 4).toString('hex')).toBe('1a45dfa3')
    expect((await stat(path)).size).toBeGreaterThan(40 * 398)
  })

  it('is a drawn panel on a terminal', async () => {
    const { url } = await server({ frames: 40 })
    const { io, code } = await run(['bafy', '--server', url], { stderrIsTty: true, stdoutIsTty: true })
    expect(await code).toBe(0)
    expect(io.stderr()).toContain('kbps ')
    expect(io.stderr()).toMatch(/\[=+>? *\]/)
  })

  it('stops after --duration', async () => {
    const { url } = await server({ frames: 10_000 })
    const { io, code } = await run(['bafy', '--server', url, '--json', '--duration', '0.5'])
    expect(await code, io.stderr()).toBe(0)
    expect(lines(io.stdout()).at(-1)).toMatchObject({ event: 'end', reason: 'duration' })
  })

  it('adds a file first and says its CID', async () => {
    await writeFile(join(folder, 'clip.webm'), 'not really')
    const { url, asked } = await server({ frames: 3 })
    const { io, code } = await run(['clip.webm', '--server', url, '--json'])
    expect(await code, io.stderr()).toBe(0)
    expect(lines(io.stdout())[0]).toEqual({ event: 'added', name: 'clip.webm', cid: 'bafyadded' })
    expect(asked.some(({ url }) => url === '/whep/bafyadded')).toBe(true)
  })
})

describe('Ctrl-C', () => {
  it('closes the stream at the server and exits 130', async () => {
    const { url, asked, openPeers } = await server({ frames: 10_000 })
    const { io, code } = await run(['bafy', '--server', url, '--json'])
    await io.waitFor('stdout', /"event":"stats"/)
    io.interrupt()
    expect(await code).toBe(130)
    expect(lines(io.stdout()).at(-1)).toMatchObject({ event: 'end', reason: 'interrupted' })
    expect(asked.at(-1)?.method).toBe('DELETE')
    expect(openPeers()).toBe(0)
  })
})

describe('failures', () => {
  const refusal = (code: string, error: string, status: number) => ({
    frames: 1,
    refuse: { status, body: { success: false, error, code, hint: 'do this' } },
  })

  it.each([
    ['INVALID_CID', 400, 2],
    ['CONTENT_NOT_FOUND', 404, 1],
    ['UNAUTHORIZED', 401, 4],
    ['NOT_MEDIA', 415, 1],
  ])('%s of the server is said and exits as it should', async (code, status, exit) => {
    const { url } = await server(refusal(code, 'because', status))
    const { io, code: done } = await run(['QmNotACid', '--server', url])
    expect(await done).toBe(exit)
    expect(io.stderr()).toBe(`error [${code}]: because\n  do this\n`)
  })

  it('a directory of several files is a table of what to choose from, exit 2', async () => {
    const { url } = await server(
      refusal('AMBIGUOUS_CONTENT', 'bafy holds 2 playable files:\n  bafy/a.mp4\n  bafy/b.mp4', 409),
    )
    const { io, code } = await run(['bafy', '--server', url])
    expect(await code).toBe(2)
    expect(io.stderr()).toMatch(/1 +│ bafy\/a\.mp4/)
    expect(io.stderr()).toContain('error [AMBIGUOUS_CONTENT]: bafy holds 2 playable files\n')
  })

  it.each([
    [['./nowhere.mp4'], 'there is no file ./nowhere.mp4'],
    [['nowhere.mp4'], 'there is no file nowhere.mp4'],
    [['bafy', '--output', 'x.avi'], 'ends in neither .webm nor .mp4'],
    [['bafy', '--output', 'no/x.webm'], 'there is no such folder'],
    [['bafy', '--quality', '101'], '101'],
    [['bafy', '--start', 'soon'], 'soon'],
    [[], 'mcpx stream needs <content>\n  See `mcpx stream --help`.'],
  ])('%j is bad usage', async (argv, words) => {
    const { url } = await server({ frames: 1 })
    const { io, code } = await run([...argv, '--server', url])
    expect(await code).toBe(2)
    expect(io.stderr()).toContain(words)
  })

  it('the token is in the addresses that a person opens, never in JSON or a pipe', async () => {
    const { url } = await server({ frames: 3 })
    const argv = ['bafy', '--server', url, '--token', 'hunter 2']
    const onTerminal = await run(argv, { stdoutIsTty: true })
    const piped = await run(argv)
    const json = await run([...argv, '--json'], { stdoutIsTty: true })
    for (const { code, io } of [onTerminal, piped, json]) expect(await code, io.stderr()).toBe(0)
    expect(onTerminal.io.stdout()).toContain(`player ${url}player/bafy#token=hunter%202\n`)
    for (const { io } of [piped, json]) expect(io.stdout()).not.toContain('hunter')
  })

  it('--qr draws the address on a terminal and says whom it serves, and is nothing elsewhere', async () => {
    const { url } = await server({ frames: 3 })
    const onTerminal = await run(['bafy', '--server', url, '--qr'], { stdoutIsTty: true })
    const piped = await run(['bafy', '--server', url, '--qr'])
    for (const { code } of [onTerminal, piped]) expect(await code).toBe(0)
    expect(onTerminal.io.stdout()).toMatch(/^█▀{7}█/m)
    expect(onTerminal.io.stderr()).toContain('for this machine only')
    expect(piped.io.stdout() + piped.io.stderr()).not.toMatch(/█|only/)
  })

  it('a server that is not there exits 3', async () => {
    const { url, stop } = await startWhepServer({ frames: 1 })
    await stop()
    const { io, code } = await run(['bafy', '--server', url])
    expect(await code).toBe(3)
    expect(io.stderr()).toContain('error [SERVER_UNREACHABLE]')
  })
})

describe('without a server', () => {
  it('starts one of its own on loopback, and stops it', async () => {
    const { url } = await server({ frames: 5 })
    let stopped = 0
    let seen: Partial<ServeOptions> = {}
    const command = createStreamCommand(async (options) => {
      seen = options
      const stop = async () => void stopped++
      const reload = async () => false
      const parts = { engine: undefined, store: undefined, customMetrics: undefined, reload }
      return { url, whep: '', dashboard: '', warnings: [], ...parts, stop }
    })
    const io = createTestIo(['stream', 'bafy', '--persistence-path', folder, '--offline'], { cwd: folder })
    expect(await main(io, [command])).toBe(0)
    expect(seen).toMatchObject({ host: '127.0.0.1', port: 0, offline: true, persistencePath: folder })
    expect(stopped).toBe(1)
  })

  it('is not started for a file that is not there', async () => {
    let started = 0
    const command = createStreamCommand(async () => {
      started++
      throw new Error('not to be started')
    })
    const argv = ['stream', './missing.mp4', '--persistence-path', folder, '--offline']
    const io = createTestIo(argv, { cwd: folder })
    expect(await main(io, [command])).toBe(2)
    expect(io.stderr()).toContain('there is no file ./missing.mp4')
    expect(started).toBe(0)
  })
})
