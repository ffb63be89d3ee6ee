// bin/mcpx.js as a process: the version at once, an old Node replaced or refused, signals and exit codes passed on.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const bin = join(root, 'bin/mcpx.js')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
/** Makes this Node call itself 20, but not the one that the launcher starts. */
const asNode20 = `data:text/javascript,${encodeURIComponent(
  "if (!process.env.MCPX_RELAUNCHED) Object.defineProperty(process.versions, 'node', { value: '20.1.0' })",
)}`
const alwaysNode20 = asNode20.replace(encodeURIComponent('if (!process.env.MCPX_RELAUNCHED) '), '')

const run = (args: readonly string[], program = bin) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args.slice(0, -1), program, args.at(-1)!], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** A package whose cli.js does what a test needs, with the real launcher and process Io. */
let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mcpx-launcher-'))
  await mkdir(join(home, 'bin'))
  await cp(bin, join(home, 'bin/mcpx.js'))
  await cp(join(root, 'package.json'), join(home, 'package.json'))
})
afterAll(() => rm(home, { recursive: true }))

describe('--version', () => {
  it.each(['--version', '-V'])('%s is answered on any Node, without the built files', (flag) => {
    expect(run([flag], join(home, 'bin/mcpx.js'))).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
    expect(run(['--import', alwaysNode20, flag]).stdout).toBe(`${version}\n`)
  })
})

describe('a Node that is too old', () => {
  it('is replaced by the one beside the package', async () => {
    await mkdir(join(home, 'node_modules/node/bin'), { recursive: true })
    await symlink(process.execPath, join(home, 'node_modules/node/bin/node'))
    const { status, stderr } = run(['--import', asNode20, '--help'], join(home, 'bin/mcpx.js'))
    expect(stderr).toBe('error: mcpx is not built here. Run: npm run build\n')
    expect(status).toBe(1)
  })

  it('takes the one that replaced it along when it is killed', async () => {
    const args = ['--import', asNode20, bin, 'serve', '--isolation', '--offline', '--port', '0', '--json']
    const launcher = spawn(process.execPath, [...args, '--disable-webrtc-metrics'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(launcher.stdout, 'data')
    // The server holds the other end of the pipe: it ends when the server does.
    const ended = once(launcher.stdout, 'end')
    launcher.stdout.resume()
    launcher.kill('SIGKILL')
    await ended
  })

  it('is refused in words when there is no other', () => {
    const { status, stderr } = run(['--import', alwaysNode20, '--help'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/^error: mcpx needs Node 22\.13 or newer, this is 20\.1\.0\.\n/)
  })
})

describe.skipIf(!existsSync(join(root, 'dist/cli.js')))('the built program', () => {
  it('prints help to stdout and ends with 0', () => {
    const { status, stdout } = run(['--help'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^Usage: mcpx/)
  })

  it('passes the exit code of a usage error on, also through another Node', () => {
    expect(run(['--nonsense'])).toMatchObject({ status: 2, stderr: expect.stringContaining('INVALID_OPTION') })
    expect(run(['--import', asNode20, '--nonsense']).status).toBe(2)
  })

  it('ends quietly when its reader goes away', async () => {
    const child = spawn('bash', ['-c', `"$0" "$1" completion fish | head -1`, process.execPath, bin], { stdio: 'pipe' })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk
    })
    const [status] = await once(child, 'exit')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})
