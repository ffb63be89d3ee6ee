// When `npm run build --if-stale` builds: npm runs it at every first `npx mcpx` of a clone, where it must cost nothing.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'

const script = resolve(import.meta.dirname, '../scripts/build.mjs')
const sources = ['src/lib/a.ts', 'package.json', 'tsconfig.json', 'scripts/build-web.mjs', 'scripts/build-bundles.mjs']
const results = [
  'dist/cli.js',
  'dist/lib/BUNDLED-LICENSES.txt',
  'dist/web/home.html',
  'dist/web/player.html',
  'dist/web/dashboard.html',
  'dist/web/load.html',
]
let root: string

/** A file that was changed so many seconds after the beginning of 2020. */
function write(name: string, seconds: number, text = ''): void {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  utimesSync(path, 1_577_836_800 + seconds, 1_577_836_800 + seconds)
}

/** Whether it builds: the compiler of this clone fails. */
function builds(): boolean {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale'])
  expect(String(stderr)).toMatch(status === 0 ? /^$/ : /^build: tsc ended with exit code 7/)
  return status !== 0
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mcpx-build-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const name of sources) write(name, 0, name === 'package.json' ? '{}' : 'export const buildWeb = async () => {}')
  for (const name of results) write(name, 10)
  write('node_modules/typescript/package.json', 0, '{}')
  write('node_modules/typescript/bin/tsc', 0, 'process.exit(7)')
  cpSync(script, join(root, 'scripts/build.mjs'))
  utimesSync(join(root, 'scripts/build.mjs'), 1_577_836_800, 1_577_836_800)
})

it('does nothing where everything is built', () => expect(builds()).toBe(false))

it.each(sources)('builds when %s is newer than a result', (name) => {
  write(name, 20, name === 'package.json' ? '{}' : 'export const buildWeb = async () => {}')
  expect(builds()).toBe(true)
})

it.each(results)('builds when %s is missing', (name) => {
  rmSync(join(root, name))
  expect(builds()).toBe(true)
})
