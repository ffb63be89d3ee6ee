// `npm test`: makes sure that this is the right Node and that dist/ is fresh, says which real parts are here, then runs the tests.
// Arguments go to vitest. MCPX_REQUIRE_PARTS=1 makes a missing part an error; a list (`chromium,ffmpeg`) makes these errors.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(new URL('..', import.meta.url)))
const oldest = [22, 13]

/** The real parts that tests use: where each is looked for, and what is not tested without it. */
const parts = [
  {
    name: 'chromium',
    find: () => program('chromium', 'chromium-browser', 'google-chrome'),
    without: 'playback in Chromium',
  },
  { name: 'firefox', find: () => program('firefox-esr', 'firefox'), without: 'playback in Firefox' },
  { name: 'ffmpeg', find: () => program('ffmpeg'), without: 'clips of every container and codec, the ffmpeg encoder' },
  { name: 'kubo', find: findKubo, without: 'a real Kubo daemon (test/support/kubo/build.sh makes one with Go)' },
  { name: 'python3', find: () => program('python3'), without: 'aiortc, a WHEP client that is not ours' },
  { name: 'turnserver', find: () => program('turnserver'), without: 'media over TURN' },
  {
    name: 'prometheus',
    find: () => program('prometheus') && program('promtool'),
    without: 'dashboard and alerts over a real scrape',
  },
  { name: 'tmux', find: () => program('tmux'), without: 'mcpx monitor in a terminal' },
  { name: 'node-av', find: () => folder('node_modules/node-av'), without: 'transcoding in process' },
]

function program(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((path) => join(path, name))).find(isExecutable)
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function folder(path) {
  return existsSync(join(root, path)) ? join(root, path) : undefined
}

/** test/support/kubo/build.sh builds one where there is a Go toolchain. */
function findKubo() {
  return [process.env.KUBO_BINARY, program('ipfs'), join(root, '.cache/kubo/ipfs')].find(
    (file) => file && isExecutable(file),
  )
}

function assertNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  console.error(
    `npm test needs Node ${oldest.join('.')} or newer, this is ${process.versions.node} (${process.execPath}).\n` +
      'The development dependency `node` brings one: run `npm ci` with its install scripts, then `npm test` again.',
  )
  process.exit(1)
}

function buildIfStale() {
  const build = [join(root, 'scripts/build.mjs'), '--if-stale']
  const { status } = spawnSync(process.execPath, build, { stdio: 'inherit', cwd: root })
  if (status !== 0) process.exit(status ?? 1)
}

/** Says what is here; returns what is not. */
function reportParts() {
  console.log('Real parts:')
  const missing = []
  for (const part of parts) {
    const found = part.find()
    console.log(`  ${part.name.padEnd(10)} ${found ?? `MISSING: ${part.without} `}`)
    if (!found) missing.push(part)
  }
  return missing
}

function assertRequired(missing) {
  const required = process.env.MCPX_REQUIRE_PARTS ?? ''
  const names = required === '1' ? parts.map(({ name }) => name) : required.split(',')
  const lacking = missing.filter(({ name }) => names.includes(name)).map(({ name }) => name)
  if (lacking.length === 0) return
  console.error(`MCPX_REQUIRE_PARTS asks for what is not here: ${lacking.join(', ')}`)
  process.exit(1)
}

assertNode()
buildIfStale()
const missing = reportParts()
assertRequired(missing)
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const projects = ['unit', 'scenario', 'e2e'].flatMap((name) => ['--project', name])
const args = process.argv.slice(2)
const chosen = args.includes('--project') ? args : [...projects, ...args]
const { status } = spawnSync(process.execPath, [vitest, 'run', '--passWithNoTests', ...chosen], {
  stdio: 'inherit',
  cwd: root,
})
for (const { name, without } of missing) console.log(`skipped: ${without} (no ${name} here)`)
process.exitCode = status ?? 1
