// The CI jobs of examples/, step by step as their runners run them, with this build in place of the package from the registry.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadCommands } from '../../src/commands/index.ts'
import { findProgram, missingParts, saySkipped } from '../support/e2e.ts'
import { launcher, scratchFolder } from '../support/e2e-server.ts'
import { parseXml, python } from '../support/xml.ts'

const commands = await loadCommands()

const root = resolve(import.meta.dirname, '../..')
const missing = missingParts({ bash: findProgram('bash'), npx: findProgram('npx'), python3: python })

interface Step {
  readonly name?: string
  readonly run?: string
  readonly uses?: string
  readonly shell?: string
  readonly if?: string
}
interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly env: Record<string, string>; readonly steps: readonly Step[] }>>
}
type Pipeline = Readonly<
  Record<
    string,
    {
      readonly variables: Record<string, string>
      readonly script: readonly string[]
      readonly artifacts: { readonly reports: { readonly junit: string }; readonly paths: readonly string[] }
    }
  >
>

const example = <T>(name: string): T => parse(readFileSync(join(root, 'examples', name), 'utf8')) as T
const [workflowJob] = Object.values(example<Workflow>('github-actions.yml').jobs)
const [pipelineJob] = Object.values(example<Pipeline>('gitlab-ci.yml'))

const shells = new Set<ChildProcess>()
const removals: (() => Promise<void>)[] = []
afterEach(async () => {
  // With what they left in the background, as a runner does at the end of a job.
  for (const { pid } of shells)
    try {
      process.kill(-pid!, 'SIGKILL')
    } catch {}
  shells.clear()
  for (const remove of removals.splice(0)) await remove()
})

/** A folder as a runner has it: `npm install mcpx` brings this build, and nothing else of the machine's npm can be called. */
async function runner(variables: Readonly<Record<string, string>>) {
  const { path, remove } = await scratchFolder()
  removals.push(remove)
  const bin = join(path, 'bin')
  const modules = join(path, 'work/node_modules/.bin')
  await Promise.all([mkdir(bin), mkdir(join(path, 'work'))])
  const install = `mkdir -p ${modules} && ln -s ${launcher} ${join(modules, 'mcpx')}`
  const npm = `#!/bin/sh\n[ "$*" = "install --no-save mcpx" ] || { echo "npm $*: not known here"; exit 1; }\n${install}\n`
  await writeFile(join(bin, 'npm'), npm)
  await chmod(join(bin, 'npm'), 0o755)
  await symlink(findProgram('npx')!, join(bin, 'npx'))
  const { LD_LIBRARY_PATH } = process.env
  const env = {
    ...variables,
    // Small and quick; no port and no folder but its own.
    ...{ MCPX_VIEWERS: '3', MCPX_DURATION: '5', MCPX_PORT: '0', MCPX_DISABLE_WEBRTC_METRICS: '1' },
    ...{ HOME: path, GITHUB_STEP_SUMMARY: join(path, 'summary.md'), npm_config_offline: 'true' },
    PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
    ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }),
  }
  const work = join(path, 'work')

  /** Resolves with the exit code and what was said, whatever is still there in the background. */
  async function run(settings: string, script: string): Promise<{ code: number | null; said: string }> {
    const log = join(path, 'step.log')
    const out = openSync(log, 'w')
    const child = spawn('bash', ['--noprofile', '--norc', '-c', `set ${settings}\n${script}`], {
      ...{ cwd: work, env, detached: true },
      stdio: ['ignore', out, out],
    })
    shells.add(child)
    closeSync(out)
    const code = await new Promise<number | null>((done, fail) => child.on('exit', done).on('error', fail))
    return { code, said: readFileSync(log, 'utf8') }
  }
  return { run, read: (name: string) => readFileSync(join(path, name), 'utf8') }
}

/** A step whose command this build does not have is left out, and said. */
function isPossible(script: string): boolean {
  const named = [...script.matchAll(/npx mcpx ([a-z-]+)/g)].map(([, name]) => name)
  const unknown = named.filter((name) => !commands.some((command) => command.name === name))
  if (unknown.length > 0) saySkipped(`no mcpx ${unknown.join(', ')} here`)
  return unknown.length === 0
}

/** Every verdict passed, and the page and the checks are there. */
function expectVerdicts(read: (name: string) => string, thresholds: readonly string[]) {
  const cases = parseXml([read('work/playback/junit.xml')])[0]!.children[0]!.children
  expect(cases.filter(({ children }) => children.some(({ name }) => name === 'failure'))).toEqual([])
  expect(cases.map(({ attributes }) => attributes.name)).toEqual(expect.arrayContaining([...thresholds]))
  expect(read('work/playback/load.html')).toContain('Load test: <span class="good">passed')
  if (commands.some(({ name }) => name === 'check-connectivity'))
    expect(() => JSON.parse(read('work/playback/checks.json'))).not.toThrow()
}

describe.skipIf(missing.length > 0)('the CI examples', () => {
  it('of GitHub serves, checks and loads, each step in its shell', async () => {
    const { env, steps } = workflowJob!
    expect(steps.filter(({ uses }) => uses).map(({ uses }) => uses)).toEqual(
      ['actions/checkout', 'actions/setup-node', 'actions/upload-artifact'].map((name) =>
        expect.stringMatching(`^${name}@v\\d+$`),
      ),
    )
    const { run, read } = await runner(env)
    for (const { name, run: script, shell } of steps) {
      if (!script || !isPossible(script)) continue
      // The default shell has no pipefail, the named one has.
      const { code, said } = await run(shell === 'bash' ? '-eo pipefail' : '-e', script)
      expect([name, code], said).toEqual([name, 0])
    }
    expectVerdicts(read, ['failed==0', 'startup_p95<5s', 'frozen_p95<10%'])
    expect(read('summary.md')).toContain('passed   failed==0: 0')
  })

  it('of GitLab serves, checks and loads in one shell', async () => {
    const { variables, script, artifacts } = pipelineJob!
    expect(artifacts.reports.junit).toBe('playback/junit.xml')
    expect(artifacts.paths).toEqual(['playback'])
    const { run, read } = await runner(variables)
    const lines = script.filter(isPossible)
    const { code, said } = await run('-eo pipefail', lines.join('\n'))
    expect(code, said).toBe(0)
    expectVerdicts(read, ['failed==0', 'startup_p95<5s', 'residual_p95<1%'])
  })
})
