// Every bench runs to its end at its smallest size and says figures; which figures is not asserted anywhere.
import { execFile } from 'node:child_process'
import { accessSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { chromiumPath } from '../support/browser-chromium.ts'

const script = join(import.meta.dirname, '../../scripts/bench.mjs')

interface Result {
  readonly name: string
  readonly error?: string
  readonly figures: readonly { readonly figure: string; readonly value: number; readonly load: number }[]
}

const hasFfmpeg = (process.env.PATH ?? '').split(delimiter).some((path) => isThere(join(path, 'ffmpeg')))

function isThere(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}

async function bench(...args: readonly string[]): Promise<{ results: readonly Result[]; table: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-bench-test-'))
  try {
    const file = join(folder, 'results.json')
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args, '--smoke', '--json', file])
    const { results } = JSON.parse(await readFile(file, 'utf8')) as { results: Result[] }
    return { results, table: stdout }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const needsClips = ['dashboard', 'fan-out', 'full-load', 'scaling', 'transcode']

// At the same time, for they mostly wait and no figure is looked at. The limit is above that of a bench and ends what hangs.
it.concurrent.each(['content', 'impairment', 'leak', 'start', ...needsClips])(
  'the bench %s runs and reports figures',
  async (name) => {
    if (needsClips.includes(name) && !hasFfmpeg) return
    if (name === 'dashboard' && !chromiumPath) return
    const { results, table } = await bench(name)
    expect(results.map((result) => [result.name, result.error])).toEqual([[name, undefined]])
    expect(results[0]!.figures.length).toBeGreaterThan(1)
    for (const { figure, value } of results[0]!.figures) {
      expect(value, figure).toSatisfy(Number.isFinite)
      expect(table).toContain(figure)
    }
  },
  300_000,
)

it('refuses a bench that does not exist and says which there are', async () => {
  await expect(bench('fanout')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('fan-out') })
})
