// `mcpx serve`: every flag of the origin, precedence over three places, and what is printed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli.ts'
import { createServeCommand } from '../../src/commands/serve.ts'
import { McpxError } from '../../src/lib/base/errors.ts'
import type { Io } from '../../src/lib/base/io.ts'
import type { ServeOptions } from '../../src/lib/model/serve-options.ts'
import type { Server } from '../../src/lib/model/server.ts'
import { createTestIo } from '../support/test-io.ts'

const addresses = {
  url: 'http://127.0.0.1:8000/',
  player: 'http://127.0.0.1:8000/player/bafy',
  whep: 'http://127.0.0.1:8000/whep',
  dashboard: 'http://127.0.0.1:8000/dashboard',
  metrics: { mcp: 'http://127.0.0.1:8000/metrics', webrtc: 'http://127.0.0.1:9090/metrics' },
  sample: { cid: 'bafy' },
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-serve-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs `mcpx serve` up to the border to the server, which records its options and is stopped by a signal. */
async function serve(argv: readonly string[], overrides: Partial<Io> = {}) {
  const seen: { options?: Partial<ServeOptions>; stopped: number; reloads: number } = { stopped: 0, reloads: 0 }
  const io = createTestIo(['serve', ...argv], overrides)
  const start = async (options: Partial<ServeOptions>): Promise<Server> => {
    seen.options = options
    setImmediate(() => {
      hungUp = io.hangUp()
      io.interrupt()
    })
    const stop = async () => void seen.stopped++
    const reload = async () => ++seen.reloads > 0
    const parts = { engine: undefined, store: undefined, customMetrics: undefined, reload, stop }
    return { ...addresses, warnings: ['port 9090 is taken, using 9091'], ...parts }
  }
  let hungUp: boolean | undefined
  const code = await main(io, [createServeCommand(start)])
  return { io, code, hungUp, ...seen }
}

describe('flags of the origin', () => {
  it.each([
    ['host', '127.0.0.1', ['--host', '::1'], '::1'],
    ['port', 8000, ['--port', '0'], 0],
    ['reload', false, undefined, undefined],
    ['debug', false, ['--debug'], true],
    ['isolation', false, ['--isolation'], true],
    ['persistencePath', undefined, ['--persistence-path', '/r'], '/r'],
    ['disableMetrics', false, ['--disable-metrics'], true],
    ['metricsPath', '/metrics', ['--metrics-path', '/m'], '/m'],
    ['parquetCachePath', undefined, ['--parquet-cache-path', '/p'], '/p'],
    ['memoryCacheSize', 67108864, ['--memory-cache-size', '1000'], 1000],
    ['diskCacheSize', 8589934592, ['--disk-cache-size', '1GiB'], 1073741824],
    ['disableWebrtcMonitor', false, ['--disable-webrtc-monitor'], true],
    ['webrtcMetricsPort', 9090, ['--webrtc-metrics-port', '9191'], 9191],
    ['disableWebrtcMetrics', false, ['--disable-webrtc-metrics'], true],
    ['disableOptimization', false, ['--disable-optimization'], true],
    ['disableAutoQuality', false, ['--disable-auto-quality'], true],
    ['pollInterval', 2, ['--poll-interval', '5.0'], 5],
    ['visualizationInterval', undefined, ['--visualization-interval', '10'], 10],
    ['reportPath', undefined, ['--report-path', '/reports'], '/reports'],
    ['webrtcConfigPath', undefined, ['--webrtc-config-path', '/c.json'], '/c.json'],
    ['openBrowser', false, undefined, undefined],
    ['logLevel', 'info', ['--log-level', 'DEBUG'], 'debug'],
    ['logDir', undefined, ['--log-dir', '/l'], '/l'],
    ['webrtcTest', false, ['--webrtc-test'], true],
    ['runTests', false, undefined, undefined],
  ] as const)('%s is %j unless it is said', async (key, byDefault, argv, value) => {
    expect((await serve([])).options).toHaveProperty(key, byDefault)
    if (argv) expect((await serve(argv)).options).toHaveProperty(key, value)
  })
})

describe('SIGHUP', () => {
  it('reads the configuration of the monitor again where there is one, and is left alone where not', async () => {
    expect(await serve(['--webrtc-config-path', 'c.json'])).toMatchObject({ hungUp: true, reloads: 1, code: 0 })
    expect(await serve([])).toMatchObject({ hungUp: false, reloads: 0 })
  })
})

describe('precedence', () => {
  it.each([
    ['file', {}, [], 1001],
    ['environment', { MCPX_PORT: '1002' }, [], 1002],
    ['flag', { MCPX_PORT: '1002' }, ['--port', '1003'], 1003],
  ] as const)('the %s wins over what is before it', async (_origin, env, argv, port) => {
    const file = join(folder, 'port.json')
    await writeFile(file, JSON.stringify({ port: 1000, serve: { port: 1001 } }))
    expect((await serve(['--config', file, ...argv], { env })).options?.port).toBe(port)
    expect((await serve(argv, { env: { ...env, MCPX_CONFIG: file } })).options?.port).toBe(port)
  })

  it('prints each effective value with its origin, and no secret', async () => {
    const file = join(folder, 'print.json')
    await writeFile(file, JSON.stringify({ rateLimit: 10 }))
    const env = { MCPX_TOKEN: 'hunter2', MCPX_LOG_LEVEL: 'debug' }
    const { io, code, options } = await serve(['--config', file, '--port', '1', '--print-config'], { env })
    expect(code).toBe(0)
    expect(options).toBeUndefined()
    expect(io.stdout()).toMatch(/^--port +1 +flag$/m)
    expect(io.stdout()).toMatch(/^--rate-limit +10 +file$/m)
    expect(io.stdout()).toMatch(/^--log-level +debug +environment$/m)
    expect(io.stdout()).toMatch(/^--memory-cache-size +64MiB +default$/m)
    expect(io.stdout()).toMatch(/^--persistence-path +\(~\/\.mcpx\) +default$/m)
    expect(io.stdout()).toMatch(/^--auth-token +\(hidden\) +environment$/m)
    expect(io.stdout()).not.toContain('hunter2')
  })

  it('prints the same as JSON', async () => {
    const { io } = await serve(['--print-config', '--json', '--auth-token', 'hunter2'])
    const printed = JSON.parse(io.stdout())
    expect(printed.port).toEqual({ value: 8000, origin: 'default' })
    expect(printed.authToken).toEqual({ value: '(hidden)', origin: 'flag' })
  })
})

describe('bad usage', () => {
  it.each([
    [['--prot', '1'], /error \[INVALID_OPTION\]: unknown option '--prot'\n {2}Did you mean --port\?\n/],
    [['--port', 'x'], /error \[INVALID_OPTION\]: --port: "x" is not a whole number\n/],
    [['--port', '70000'], /--port: "70000" is not a whole number from 0 to 65535/],
    [['extra'], /error \[INVALID_OPTION\]: too many arguments/],
    [['--config', '/nowhere/c.json'], /error \[INVALID_CONFIG\]: \/nowhere\/c\.json: ENOENT/],
  ])('%j exits 2 with words', async (argv, words) => {
    const { io, code, options } = await serve(argv)
    expect(code).toBe(2)
    expect(options).toBeUndefined()
    expect(io.stderr()).toMatch(words)
    expect(io.stdout()).toBe('')
  })

  it.each([
    ['{"prot": 1}', 'unknown key "prot"'],
    ['{"serve": {"rate-limit": 1}}', 'did you mean "rateLimit"?'],
    ['[1]', 'is not a JSON object'],
    ['{', 'is not valid JSON'],
    ['{"port": null}', '"port" in the config file: null is not a whole number'],
  ])('a config file of %s exits 2 with words', async (text, words) => {
    const file = join(folder, 'bad.json')
    await writeFile(file, text)
    const { io, code } = await serve(['--config', file])
    expect(code).toBe(2)
    expect(io.stderr()).toContain('error [INVALID_CONFIG]')
    expect(io.stderr()).toContain(words)
  })

  it('an unknown command exits 2 with the nearest one', async () => {
    const io = createTestIo(['srve'])
    expect(await main(io)).toBe(2)
    expect(io.stderr()).toBe("error [INVALID_OPTION]: unknown command 'srve'\n  Did you mean serve?\n")
  })

  it('with --json the error is one object', async () => {
    const { io } = await serve(['--port', 'x', '--json'])
    expect(JSON.parse(io.stderr())).toMatchObject({
      event: 'error',
      code: 'INVALID_OPTION',
      message: expect.any(String),
    })
  })

  it('a stack comes only with --debug', async () => {
    const fail = async () => Promise.reject(new McpxError('PORT_IN_USE', 'port 8000 is taken'))
    const plain = createTestIo(['serve'])
    expect(await main(plain, [createServeCommand(fail)])).toBe(1)
    expect(plain.stderr()).not.toContain(' at ')
    const debug = createTestIo(['serve', '--debug'])
    await main(debug, [createServeCommand(fail)])
    expect(debug.stderr()).toContain('serve.test.ts')
  })
})

describe('a running server', () => {
  it('is announced in one JSON line with --json', async () => {
    const { io, code, stopped } = await serve(['--json'])
    expect(io.stdout().trim().split('\n')).toHaveLength(1)
    expect(JSON.parse(io.stdout())).toEqual({
      event: 'ready',
      url: addresses.url,
      player: addresses.player,
      dashboard: addresses.dashboard,
      whep: addresses.whep,
      metrics: addresses.metrics.mcp,
      webrtcMetrics: addresses.metrics.webrtc,
      sample: addresses.sample,
    })
    expect({ code, stopped }).toEqual({ code: 0, stopped: 1 })
  })

  it('is announced to a person with every address, and warns on stderr', async () => {
    const { io } = await serve([])
    for (const text of [addresses.url, addresses.player, 'bafy', addresses.dashboard])
      expect(io.stdout()).toContain(text)
    expect(io.stderr()).toBe('warning: port 9090 is taken, using 9091\n')
  })
})

describe('a server with a token', () => {
  const argv = ['--auth-token', 'hunter 2']

  it('is announced on a terminal with addresses that open', async () => {
    const { io } = await serve(argv, { stdoutIsTty: true })
    expect(io.stdout()).toContain(`${addresses.url}#token=hunter%202\n`)
    expect(io.stdout()).toContain(`${addresses.player}#token=hunter%202\n`)
    expect(io.stdout()).toContain(`${addresses.dashboard}#token=hunter%202\n`)
    expect(io.stdout().match(/hunter/g)).toHaveLength(3)
    expect(io.stderr()).not.toContain('hunter')
  })

  it.each([[[]], [['--json']]])('keeps it out of a file, a pipe and JSON (%j)', async (more) => {
    const { io } = await serve([...argv, ...more], { stdoutIsTty: more.length > 0 })
    expect(io.stdout()).toContain(addresses.player)
    expect(io.stdout() + io.stderr()).not.toContain('hunter')
  })
})

describe('log lines', () => {
  it.each([
    [[], 'auto'],
    [['--json'], 'json'],
    [['--log-format', 'text'], 'text'],
    [['--log-format', 'text', '--json'], 'json'],
  ] as const)('with %j are %s', async (argv, format) => {
    expect((await serve(argv)).options).toHaveProperty('logFormat', format)
  })
})

describe('help', () => {
  it.each([
    ['serve', '--help'],
    ['help', 'serve'],
    ['serve', '-h'],
  ])('mcpx %s %s fits 80 columns', async (...argv) => {
    const io = createTestIo(argv)
    expect(await main(io)).toBe(0)
    expect(io.stdout()).toContain('Usage: mcpx serve')
    expect(io.stdout()).toContain('Examples:')
    expect(io.stdout()).toMatch(/Network:\n {2}--host <address>/)
    for (const line of io.stdout().split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  it.each([[[]], [['--help']], [['help']]])('mcpx %j lists the commands', async (argv) => {
    const io = createTestIo(argv)
    expect(await main(io)).toBe(0)
    expect(io.stdout()).toMatch(/Commands:\n {2}serve/)
  })

  it.each([['--version'], ['-V']])('mcpx %s prints the version', async (flag) => {
    const io = createTestIo([flag])
    expect(await main(io)).toBe(0)
    expect(io.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
