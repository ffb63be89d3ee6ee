// `mcpx monitor` as a person uses it: the built command in a real terminal, against a real server with real viewers.
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '../../src/lib/client/api.ts'
import { fetchLive } from '../../src/lib/client/live.ts'
import type { Viewer } from '../../src/lib/client/viewer.ts'
import type { LiveState } from '../../src/lib/protocol/live.ts'
import { missingParts, until } from '../support/e2e.ts'
import { type Cli, runCli, scratchFolder, startCli } from '../support/e2e-server.ts'
import { openHeadless, receives } from '../support/e2e-viewer.ts'
import { openTerminal, type Size, type Terminal, tmuxPath } from '../support/tmux.ts'

const missing = missingParts({ tmux: tmuxPath })
const clip = resolve(import.meta.dirname, '../../assets/sample/180p.mp4')

describe.skipIf(missing.length > 0)('mcpx monitor in a terminal', () => {
  let home: string
  let remove: () => Promise<void>
  let server: Cli
  let url: string
  let sample: string
  let terminal: Terminal
  const viewers = new Set<Viewer>()

  const repo = () => ['--persistence-path', join(home, 'repo')]
  const options = ['--sample', '--json', '--offline', '--disable-webrtc-metrics', '--poll-interval', '0.5']

  async function serve(port: string): Promise<void> {
    server = startCli(['serve', ...options, '--port', port, ...repo()], { home })
    const ready = await server.event<{ url: string; sample: { cid: string } }>('ready')
    url = ready.url
    sample = ready.sample.cid
  }

  beforeAll(async () => {
    const scratch = await scratchFolder()
    home = scratch.path
    remove = scratch.remove
    await serve('0')
  })
  afterEach(async () => {
    for (const viewer of viewers) await viewer.close()
    viewers.clear()
    await terminal?.close()
  })
  afterAll(async () => {
    server?.kill()
    await server?.exit
    await remove?.()
  })

  const live = (): Promise<LiveState> => fetchLive(createApi({ url }), AbortSignal.timeout(5000))
  const openConnections = async () => (await live()).connections.filter(({ state }) => state !== 'closed')

  /** A viewer that goes on until it is closed, and the id of its stream. */
  async function watch(content = sample): Promise<{ viewer: Viewer; id: string }> {
    const known = new Set((await openConnections()).map(({ id }) => id))
    const viewer = await openHeadless({ url }, { content })
    viewers.add(viewer)
    viewer.done.catch(() => {})
    await receives(viewer, 1)
    viewer.command({ type: 'loop', loop: true })
    const { id } = (await openConnections()).find((one) => !known.has(one.id))!
    return { viewer, id: id.slice(0, 8) }
  }

  async function monitor(args: readonly string[] = ['--server', url], size?: Size, preload?: string): Promise<number> {
    terminal = await openTerminal(home, size)
    await terminal.shows(/^\$/)
    return terminal.mcpx(['monitor', ...args], { ...(preload && { preload }) })
  }

  /** The command is over and the terminal as it was. */
  async function ends(code: number): Promise<string> {
    const text = await terminal.shows(`exit ${code}`)
    expect(await terminal.state()).toMatchObject({ isAlternate: false, hasCursor: true })
    await terminal.type('stty -a')
    await terminal.press('Enter')
    expect(await terminal.shows('echoctl')).toMatch(/ icanon .* echo /s)
    return text
  }

  it('shows who watches and how well, filters, sorts, selects, holds and helps', async () => {
    await monitor()
    await terminal.shows('no connections: nobody watches')
    expect(await terminal.state()).toMatchObject({ isAlternate: true, hasCursor: false })
    const [one, two] = [await watch(), await watch()]
    await terminal.shows(/2 open {2}2 active/)
    for (const { id } of [one, two])
      await terminal.shows(new RegExp(`${id} bafy…\\w+ active +auto→\\w+ +\\S+[kM] +[\\d.]+% .* yes$`, 'm'))
    await terminal.shows(/bitrate .*bit\/s, last \d:\d\d ─.*┤ *[─╭╮╰╯│]+.*health +\d+ /s)
    expect(await terminal.screen()).toHaveLength(24)

    await terminal.type(`/${one.id}`)
    await terminal.hides(` ${two.id}`)
    await terminal.press('Enter')
    await terminal.shows(`"${one.id}"`)
    await terminal.press('Escape')
    await terminal.shows(two.id)

    const [first, last] = [one.id, two.id].sort()
    await terminal.type('s')
    await terminal.shows(new RegExp(`by id ▾.*${first} .*${last} `, 's'))
    await terminal.type('r')
    await terminal.shows(new RegExp(`by id ▴.*${last} .*${first} `, 's'))
    await terminal.type('gj')
    await terminal.shows(`▸${first}`)
    await terminal.press('Tab')
    await terminal.shows(/connection_state_change +from=connecting to=connected/)
    await terminal.press('Enter')
    await terminal.shows(/codecs +\w+, opus.*first frame +\d+ ms +viewer tells yes/s)
    await terminal.press('Escape')
    await terminal.hides('viewer tells')

    await terminal.press('Space')
    await terminal.shows('‖ held at')
    const { id: later } = await watch()
    const held = await terminal.shows(/2 open {2}2 active/)
    expect(held).not.toContain(later)
    await terminal.press('Space')
    await terminal.shows(later)

    await terminal.type('?')
    await terminal.shows('select a connection')
    await terminal.type('x')
    await terminal.hides('select a connection')
    await terminal.type('q')
    expect(await ends(0)).not.toContain('open')
  })

  it('closes a connection for real, after a yes', async () => {
    const [stays, goes] = [await watch(), await watch()]
    await monitor(['--server', url, '--connection', goes.id])
    await terminal.shows(`▸${goes.id}`)
    await terminal.type('cn')
    await terminal.hides('which plays to its viewer?')
    expect(await openConnections()).toHaveLength(2)
    await terminal.type('c')
    await terminal.shows(`close ${goes.id}, which plays to its viewer?`)
    await terminal.type('y')
    await terminal.shows(`closed ${goes.id}`)
    await terminal.shows(new RegExp(`${goes.id} bafy…\\w+ closed`))
    await expect(goes.viewer.done).resolves.toBeDefined()
    expect((await openConnections()).map(({ id }) => id.slice(0, 8))).toEqual([stays.id])
    expect(await receives(stays.viewer, 10)).toBe(true)
    await terminal.type('c')
    await terminal.shows(`${goes.id} is closed already`)
    await terminal.type('q')
    await ends(0)
  })

  it('sets the quality for real', async () => {
    const { id } = await watch()
    await monitor(undefined, { columns: 120, rows: 40 })
    await terminal.shows(`▸${id}`)
    await terminal.type('Q')
    const asked = await terminal.shows('[auto]')
    const [lowest] = asked.match(/(?<=quality \[auto\] +)\w+/)!
    await terminal.press('Down')
    await terminal.shows(`[${lowest}]`)
    await terminal.press('Enter')
    await terminal.shows(`${id} asked for ${lowest}`)
    const connection = () => live().then(({ connections }) => connections.find((one) => one.id.startsWith(id)))
    await until(
      'the lowest is sent',
      async () => (await connection())?.quality === lowest && (await connection())?.sentQuality === lowest,
    )
    await terminal.press('Enter')
    await terminal.shows(new RegExp(`quality +${lowest}$`, 'm'))
    await terminal.type('q')
    await ends(0)
  })

  it('fits every size it is given', async () => {
    await watch()
    await monitor()
    await terminal.shows('● live')
    for (const [columns, rows] of [
      [200, 50],
      [60, 20],
      [40, 10],
      [20, 5],
      [80, 24],
    ] as const) {
      await terminal.resize({ columns, rows })
      await until(`it fits ${columns} by ${rows}`, async () => {
        const lines = await terminal.screen()
        return lines.length === rows && / live$/.test(lines[0]!) && /^ q quit/.test(lines.at(-1)!)
      })
    }
    await terminal.press('C-c')
    await ends(0)
  })

  it('keeps what others named away from the terminal', async () => {
    const name = 'a\u001B]0;owned\u0007\u001B[2J\u202Egood日本🎬.mp4'
    const { cid } = await createApi({ url }).addFiles([
      { name: `folder/${name}`, content: createReadStream(clip) as AsyncIterable<Uint8Array> },
    ])
    const { id } = await watch(`${cid}/${name}`)
    await monitor(undefined, { columns: 160, rows: 24 })
    await terminal.shows(new RegExp(`▸${id} .*日本🎬\\.mp4 +active`))
    await terminal.press('Enter')
    await terminal.shows(/]0;owned.*日本🎬\.mp4$/m)
    expect((await terminal.state()).title).not.toContain('owned')
    await terminal.type('q')
    await ends(0)
  })

  it('gives the terminal back when it is ended from outside, and when it breaks', async () => {
    const endAll = async (signal: NodeJS.Signals) => {
      const pid = await monitor()
      await terminal.shows('● live')
      process.kill(pid, signal)
      await ends(130)
      await terminal.close()
    }
    await endAll('SIGTERM')
    await endAll('SIGINT')
    await endAll('SIGHUP')
    const preload = join(home, 'break.mjs')
    await writeFile(preload, `process.on('SIGUSR2', () => setImmediate(() => { throw new Error('it broke') }))\n`)
    const pid = await monitor(undefined, undefined, preload)
    await terminal.shows('● live')
    process.kill(pid, 'SIGUSR2')
    expect(await ends(1)).toContain('error [INTERNAL]: it broke')
  })

  it('says that the server is gone, and finds it again', async () => {
    const { id } = await watch()
    await monitor()
    await terminal.shows(`▸${id}`)
    server.kill('SIGKILL')
    await server.exit
    const gone = await terminal.shows(/✗ gone since \d\d:\d\d:\d\d: ECONNREFUSED; asking again/)
    expect(gone).toContain(id)
    await serve(new URL(url).port)
    await terminal.shows('● live')
    await terminal.shows('no connections: nobody watches')
    const { id: next } = await watch()
    await terminal.shows(`▸${next}`)
    await terminal.type('q')
    await ends(0)
  })

  it('prints one moment or every message for scripts, with exit codes', async () => {
    const { id } = await watch()
    await until('it is measured', async () => (await openConnections())[0]?.sample)
    const run = (...args: string[]) => runCli(['monitor', '--server', url, ...args], { home })
    const once = await run('--once')
    expect(once).toMatchObject({ code: 0, stderr: '' })
    expect(once.stdout).toMatch(new RegExp(`^ID +CONTENT.*\n${id} +bafy\\S+ +active`, 'ms'))
    expect((await run()).stdout).toContain(id)
    const state = JSON.parse((await run('--once', '--json', '--connection', id)).stdout) as LiveState
    expect(state).toMatchObject({ type: 'state', connections: [{ state: 'active' }] })
    expect(await run('--once', '--connection', 'none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[STREAM_NOT_FOUND]'),
    })
    expect(await run('--since', '1h')).toMatchObject({ code: 2, stderr: expect.stringContaining('--replay') })

    const messages = startCli(['monitor', '--server', url, '--json'], { home })
    await until('a change', () => messages.lines().some(({ type }) => type === 'change'))
    expect(messages.lines()[0]).toMatchObject({ type: 'state', connections: expect.any(Array) })
    expect(messages.stderr()).toBe('watching the server\n')
    messages.kill('SIGINT')
    expect(await messages.exit).toBe(130)
  })

  it('plays what was recorded', async () => {
    const { viewer, id } = await watch()
    await until('it is measured', async () => (await openConnections())[0]?.sample)
    await until('it told what it sees', async () => (await openConnections())[0]?.isReporting)
    await viewer.close()
    server.kill('SIGINT')
    expect(await server.exit).toBe(0)

    expect(await runCli(['monitor', '--server', url], { home })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('[SERVER_UNREACHABLE]'),
    })
    const replay = ['--replay', join(home, 'repo')]
    const once = await runCli(['monitor', ...replay, '--once'], { home })
    expect(once.code).toBe(0)
    expect(once.stdout).toMatch(new RegExp(`^${id} +bafy\\S+ +closed +auto→\\w+ +\\S+[kM]`, 'm'))
    const lines = await runCli(['monitor', ...replay, '--json', '--speed', '3600', '--connection', id], { home })
    expect(lines.code).toBe(0)
    const states = lines.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LiveState)
    expect(states.at(-1)).toMatchObject({ connections: [{ id: expect.stringContaining(id), state: 'closed' }] })
    expect(await runCli(['monitor', '--replay', join(home, 'none')], { home })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[NOT_FOUND]'),
    })

    const since = new Date(states.at(-1)!.connections[0]!.createdAtMs - 100).toISOString()
    await monitor([...replay, '--connection', id, '--since', since, '--speed', '0.5', '--interval', '0.1'])
    await terminal.shows(/▶ ×0\.5 \d{4}-\d\d-\d\d/)
    await terminal.shows(new RegExp(`▸${id} bafy…\\w+ active`))
    await terminal.press('Space')
    await terminal.shows('‖ paused')
    await terminal.type('c')
    await terminal.shows('what was recorded cannot be changed')
    await terminal.type('q')
    await ends(0)
  })
})
