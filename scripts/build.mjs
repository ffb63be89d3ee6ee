// The project's build (`npm run build`): TypeScript to dist/, and the pages of src/web to one self-contained HTML file each in
// dist/web/, and some libraries into the files that use them. With --if-stale nothing is done where dist/ is newer than what it is made of: npm asks for a build after an install,
// and again before the first `npx mcpx` in a clone.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
const started = performance.now()

/** Says what is wrong and ends the build. */
function fail(message) {
  process.stderr.write(`build: ${message}\n`)
  process.exit(1)
}

/** Path of the TypeScript compiler, or undefined where the development dependencies are not installed. */
function findCompiler() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  } catch {
    return undefined
  }
}

function compile(compiler) {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      code === 0 ? done() : reject(new Error(`tsc ended with ${signal ?? `exit code ${code}`}`)),
    )
  })
}

/** The changes of the files at and below a path, in milliseconds. */
function changes(path) {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [statSync(path).mtimeMs]
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs)
}

/** Whether everything that a build writes last is there, and newer than all that it reads. */
function isFresh() {
  const written = [
    'cli.js',
    'lib/BUNDLED-LICENSES.txt',
    'web/home.html',
    'web/player.html',
    'web/dashboard.html',
    'web/load.html',
  ].map((name) => changes(join(dist, name))[0] ?? 0)
  const read = [
    'src',
    'scripts/build.mjs',
    'scripts/build-web.mjs',
    'scripts/build-bundles.mjs',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ]
  return Math.min(...written) >= Math.max(...read.flatMap((name) => changes(join(root, name))))
}

if (process.argv.includes('--if-stale') && isFresh()) process.exit(0)
const compiler = findCompiler()
if (!compiler) {
  if (existsSync(join(dist, 'cli.js'))) process.exit(0)
  fail('the development dependencies are missing; run `npm ci` (without --omit=dev) in this clone')
}
rmSync(dist, { recursive: true, force: true })
try {
  const [{ buildWeb }, { buildBundles }] = await Promise.all([import('./build-web.mjs'), import('./build-bundles.mjs')])
  await Promise.all([compile(compiler).then(() => buildBundles(dist)), buildWeb(join(dist, 'web'))])
} catch (error) {
  rmSync(dist, { recursive: true, force: true })
  fail(error instanceof Error ? error.message : String(error))
}
process.stderr.write(`build: dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
