// The built command line as a user runs it: processes, signals, exit codes, JSON lines, and what is left behind.
import { existsSync, readdirSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clip, hasFfmpeg } from '../support/clips.ts'
import { run, until } from '../support/e2e.ts'
import { type Cli, deadAddress, runCli, scratchFolder, startCli } from '../support/e2e-server.ts'

interface Ready {
  readonly url: string
  readonly player: string
  readonly sample: { readonly cid: string }
}

const serve = ['serve', '--json', '--port', '0', '--offline', '--disable-webrtc-metrics']
const unknownCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const dead = await deadAddress()

let home: string
let remove: () => Promise<void>
const running: Cli[] = []

beforeEach(async () => {
  const scratch = await scratchFolder()
  home = scratch.path
  remove = scratch.remove
})

afterEach(async () => {
  for (const cli of running.splice(0)) {
    cli.kill()
    await cli.exit
  }
  await remove()
})

function start(args: readonly string[]): Cli {
  const cli = startCli(args, { home })
  running.push(cli)
  return cli
}

async function startServing(...args: string[]): Promise<Cli & { ready: Ready }> {
  const cli = start([...serve, ...args])
  return Object.assign(cli, { ready: await cli.event<Ready>('ready') })
}

const errorOf = (stderr: string) => JSON.parse(stderr.trim().split('\n').at(-1)!) as Record<string, string>

describe('mcpx serve', () => {
  it('says in one line where everything is, and Ctrl-C leaves nothing behind', async () => {
    const server = await startServing('--sample', '--isolation')
    const base = /^http:\/\/127\.0\.0\.1:\d+$/
    expect(server.ready).toEqual({
      event: 'ready',
      url: expect.stringMatching(base),
      player: `${server.ready.url}/player/${server.ready.sample.cid}`,
      dashboard: `${server.ready.url}/dashboard`,
      whep: `${server.ready.url}/whep`,
      metrics: `${server.ready.url}/metrics`,
      sample: { cid: expect.stringMatching(/^bafy/) },
    })
    for (const path of ['', `/player/${server.ready.sample.cid}`, '/health', '/dashboard', '/metrics', '/openapi.json'])
      expect([path, (await fetch(server.ready.url + path)).status]).toEqual([path, 200])
    const stream = start(['stream', server.ready.sample.cid, '--server', server.ready.url, '--json'])
    await stream.event('stats')
    expect(server.stdout().split('\n')).toHaveLength(2)

    server.kill('SIGINT')
    expect(await server.exit).toBe(0)
    expect(await stream.exit).toBe(3)
    await expect(fetch(server.ready.url)).rejects.toThrow()
    expect(readdirSync(home)).toEqual([])
  })

  it('keeps its repo without --isolation, finds it again, and ends with SIGTERM', async () => {
    const first = await startServing('--sample')
    first.kill('SIGTERM')
    expect(await first.exit).toBe(0)
    expect(existsSync(join(home, '.mcpx/server.json'))).toBe(false)
    const second = await startServing()
    const player = await runCli(['stream', first.ready.sample.cid, '--duration', '0.5', '--json'], { home })
    expect(player).toMatchObject({ code: 0 })
    expect(player.stdout).toContain(second.ready.url)
  })

  it('refuses a port that is taken', async () => {
    const taken = createTcpServer()
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening))
    const { port } = taken.address() as { port: number }
    const { code, stdout, stderr } = await runCli([...serve, '--isolation', '--port', String(port)], { home })
    taken.close()
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(errorOf(stderr)).toMatchObject({ event: 'error', code: 'PORT_IN_USE' })
    expect(errorOf(stderr).message).toContain(String(port))
  })

  it('refuses a repo that another one uses, and takes over that of one that was killed', async () => {
    const first = await startServing()
    const second = await runCli(serve, { home })
    expect(second.code).toBe(1)
    expect(errorOf(second.stderr)).toMatchObject({ code: 'REPO_LOCKED' })
    expect((await fetch(`${first.ready.url}/health`)).status).toBe(200)
    first.kill('SIGKILL')
    await first.exit
    await startServing()
  })

  it.each([
    [['--host', '0.0.0.0'], 2, 'OPEN_BIND_REFUSED'],
    [['--port', 'abc'], 2, 'INVALID_OPTION'],
    [['--no-such-flag'], 2, 'INVALID_OPTION'],
    [['--tls-cert', 'x.pem'], 2, 'INVALID_OPTION'],
    [['--ipfs-api', dead], 3, 'KUBO_UNREACHABLE'],
    [['--config', 'missing.json'], 2, 'INVALID_CONFIG'],
  ] as const)('%j ends with %i, %s', async (args, code, name) => {
    const ended = await runCli([...serve, '--isolation', ...args], { home })
    expect({ code: ended.code, ...errorOf(ended.stderr) }).toMatchObject({ code: name })
    expect(ended).toMatchObject({ code, stdout: '' })
  })

  it('tests itself and gives a verdict', async () => {
    const { code, stdout } = await runCli([...serve, '--isolation', '--run-tests'], { home })
    const lines = stdout.trim().split('\n')
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ event: 'tests', passed: true })
    expect(code).toBe(0)
  })
})

describe('mcpx stream', () => {
  it('plays a CID of a running server, line by line', async () => {
    const { ready } = await startServing('--sample', '--isolation')
    const stream = await runCli(['stream', ready.sample.cid, '--server', ready.url, '--duration', '2', '--json'], {
      home,
    })
    const lines = stream.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toEqual({ event: 'ready', player: ready.player, content: ready.sample.cid })
    expect(lines.filter(({ event }) => event === 'stats').length).toBeGreaterThanOrEqual(1)
    expect(lines.at(-1)).toMatchObject({
      event: 'end',
      reason: 'duration',
      packetsLost: 0,
      framesDropped: 0,
      durationS: expect.closeTo(15, 1),
    })
    expect(lines.at(-1)!.framesReceived).toBeGreaterThan(45)
    expect(stream.code).toBe(0)
    const { connections = [] } = (await (await fetch(`${ready.url}/api/v0/webrtc/connections`)).json()) as {
      connections?: { state?: string }[]
    }
    expect(connections.filter(({ state }) => state === 'active')).toEqual([])
  })

  it.skipIf(!hasFfmpeg)('adds a file on a server of its own and records what arrives', async () => {
    await copyFile(await clip('vp8.webm'), join(home, 'clip.webm'))
    const args = ['stream', './clip.webm', '--isolation', '--offline', '--output', 'copy.webm', '--json']
    const { code, stdout, stderr } = await runCli(args, { home })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; reason?: string; cid?: string })
    expect(events[0]).toMatchObject({ event: 'added', name: 'clip.webm', cid: expect.stringMatching(/^baf/) })
    expect(events.at(-1)).toMatchObject({ event: 'end', reason: 'ended', recording: { dropped: 0 } })

    const probe = ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames,width,height']
    const found = await run('ffprobe', [...probe, '-of', 'json', join(home, 'copy.webm')])
    expect(found.stderr).toBe('')
    const { streams } = JSON.parse(found.stdout) as { streams: { codec_name: string; nb_read_frames: string }[] }
    expect(streams.map(({ codec_name }) => codec_name).sort()).toEqual(['opus', 'vp8'])
    const video = streams.find(({ codec_name }) => codec_name === 'vp8')!
    expect(video).toMatchObject({ width: 320, height: 180 })
    expect(Number(video.nb_read_frames)).toBeGreaterThanOrEqual(85)
    const decoded = await run('ffmpeg', ['-v', 'error', '-i', join(home, 'copy.webm'), '-f', 'null', '-'])
    expect(decoded.stderr).toBe('')
  })

  it('says within seconds that its server was killed, and keeps what it recorded', async () => {
    const server = await startServing('--sample', '--isolation')
    const { ready } = server
    const stream = start(['stream', ready.sample.cid, '--server', ready.url, '--output', 'cut.webm', '--json'])
    await until('two seconds are recorded', () => (stream.lines().at(-1)?.mediaTimeS as number) > 2)
    server.kill('SIGKILL')
    await server.exit
    const killedAtMs = performance.now()
    expect(await stream.exit).toBe(3)
    expect(performance.now() - killedAtMs).toBeLessThan(15_000)
    expect(errorOf(stream.stderr())).toMatchObject({
      code: 'SERVER_UNREACHABLE',
      hint: expect.stringMatching(/start/i),
    })
    if (!hasFfmpeg) return
    const decoded = await run('ffmpeg', ['-v', 'error', '-i', join(home, 'cut.webm'), '-f', 'null', '-'])
    expect(decoded.stderr).toBe('')
  })

  it('ends with 130 on Ctrl-C, and its server with it', async () => {
    const stream = start(['stream', join(import.meta.dirname, '../../assets/sample/360p.mp4'), '--isolation', '--json'])
    await stream.event('stats')
    stream.kill('SIGINT')
    expect(await stream.exit).toBe(130)
    expect(readdirSync(home).filter((name) => name.startsWith('mcpx'))).toEqual([])
  })

  it.each([
    [['not-a-cid'], 2, 'INVALID_CID'],
    [['./missing.mp4'], 2, 'INVALID_OPTION'],
    [[unknownCid], 1, 'CONTENT_NOT_FOUND'],
    [[unknownCid, '--server', dead], 3, 'SERVER_UNREACHABLE'],
    [[unknownCid, '--output', 'copy.avi'], 2, 'INVALID_OPTION'],
    [['./notes.txt'], 1, 'NOT_MEDIA'],
  ] as const)('%j ends with %i, %s', async (args, code, name) => {
    await writeFile(join(home, 'notes.txt'), 'not media at all\n'.repeat(100))
    const ended = await runCli(['stream', ...args, '--isolation', '--offline', '--json'], { home })
    expect(errorOf(ended.stderr)).toMatchObject({ event: 'error', code: name })
    expect(ended.code).toBe(code)
  })

  it('ends with 4 where the token is not right', async () => {
    const { ready } = await startServing('--sample', '--isolation', '--auth-token', 'open-sesame')
    const args = ['stream', ready.sample.cid, '--server', ready.url, '--duration', '0.5', '--json']
    const refused = await runCli(args, { home })
    expect(refused.code).toBe(4)
    expect(errorOf(refused.stderr)).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await runCli([...args, '--token', 'open-sesame'], { home })).toMatchObject({ code: 0 })
  })
})
