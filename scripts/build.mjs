// The project's build (`npm run build`, also run by npm after an install in a clone):
// TypeScript to dist/, and the pages of src/web to one self-contained HTML file each in dist/web/.
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
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

const compiler = findCompiler()
if (!compiler) {
  if (existsSync(join(dist, 'cli.js'))) process.exit(0)
  fail('the development dependencies are missing; run `npm ci` (without --omit=dev) in this clone')
}
rmSync(dist, { recursive: true, force: true })
try {
  const { buildWeb } = await import('./build-web.mjs')
  await Promise.all([compile(compiler), buildWeb(join(dist, 'web'))])
} catch (error) {
  rmSync(dist, { recursive: true, force: true })
  fail(error instanceof Error ? error.message : String(error))
}
process.stderr.write(`build: dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
